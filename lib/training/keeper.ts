// What is kept of a run between its steps: checkpoints, the best model so far, rows of the logs. Of several processes
// that train together rank 0 alone has one.
import { BitError } from '../errors';
import { BitForImageClassification } from '../models/bit_for_image_classification';
import { Checkpoints, type Checkpoint } from './checkpoints';
import type { DatasetProblem } from './data/dataset';
import type { EvaluationResult } from './evaluation/evaluation';
import { isBetter } from './evaluation/merit';
import { runEvaluation } from './evaluation/run';
import type { Learner } from './learner';
import { RunLog } from './logs/run_log';
import type { FineTuneOptions } from './options';
import type { Preparation } from './prepare';
import { RunFolder, type Best } from './run_folder';
import type { LeftOut } from './sift';

/** Where a run goes on from. */
export interface Start {
  /** Steps that were taken. */
  step: number;
  /** Examples that it goes on without; null where it begins. */
  leftOut: LeftOut[] | null;
}

/** A row of the logs. */
export type StepRow = Parameters<RunLog['step']>[0];

/** A network that gives no numbers any more: there is nothing in it to go on from. */
export class DivergedError extends BitError {
  constructor(message: string, options?: { cause: unknown }) {
    super('ERR_BIT_TRAINING', message, options);
  }
}

export class Keeper {
  private best: Best | null = null;
  private learner: Learner | null = null;
  private log: RunLog | null = null;
  private onProblem: (problem: DatasetProblem) => void = () => undefined;

  private constructor(
    private readonly preparation: Preparation,
    private readonly options: FineTuneOptions,
    private readonly folder: RunFolder,
    private readonly checkpoints: Checkpoints,
    /** What it goes on from, or has written last. */
    private kept: Checkpoint | null,
  ) {}

  /** @throws BitError ERR_BIT_OUTPUT for a folder of another run, ERR_BIT_CHECKPOINT for a broken checkpoint. */
  static async open(preparation: Preparation, options: FineTuneOptions): Promise<Keeper> {
    const { output, restart = false } = options;
    const folder = new RunFolder(output);
    await folder.open(preparation, restart);
    const checkpoints = new Checkpoints(folder.checkpoints);
    try {
      return new Keeper(preparation, options, folder, checkpoints, await checkpoints.last());
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  async start(): Promise<Start> {
    const { step = 0 } = this.kept ?? {};
    return { step, leftOut: this.kept && (await this.folder.leftOut()) };
  }

  /** Examples that all of the run goes without. */
  leaveOut(examples: readonly LeftOut[]): Promise<void> {
    return this.folder.leaveOut(examples);
  }

  /** The folder that it goes on from; null where it begins. */
  get checkpoint(): string | null {
    return this.kept && this.kept.folder;
  }

  /** Steps that the checkpoint has. */
  get step(): number {
    return this.kept?.step ?? 0;
  }

  /** The model in the folder, once all steps are taken. */
  get model(): Best {
    return this.best as Best;
  }

  /** Begins to write, and does what a run that was ended had not come to after its last checkpoint. */
  async begin(learner: Learner, onProblem: (problem: DatasetProblem) => void): Promise<void> {
    this.learner = learner;
    this.onProblem = onProblem;
    this.log = await RunLog.open(this.folder.path, this.step);
    this.best = await this.folder.best();
    if (this.kept === null) return;
    const { step } = this.kept;
    if (this.isToBeEvaluated(step)) {
      if (!(await this.log.hasEvaluation(step))) await this.evaluate();
    } else if (step === this.preparation.schedule.steps && this.best === null)
      await this.makeBest(null);
  }

  /** All that is due after a step. @returns the evaluation, where there is one. */
  async after(row: StepRow): Promise<EvaluationResult | null> {
    await (this.log as RunLog).step(row);
    const { schedule, settings } = this.preparation;
    const isLast = row.step === schedule.steps;
    const isToBeEvaluated = this.isToBeEvaluated(row.step);
    if (isLast || isToBeEvaluated || row.step % settings.saveSteps === 0) await this.save(row.step);
    if (isToBeEvaluated) return this.evaluate();
    if (isLast) await this.makeBest(null);
    return null;
  }

  /** Writes a checkpoint after `step` steps, unless there is one. */
  async save(step: number): Promise<void> {
    if (step <= this.step) return;
    const { processor } = this.preparation;
    this.kept = await this.checkpoints.save(step, async (folder) => {
      await (this.learner as Learner).saveAll(folder);
      await processor.savePretrained(folder);
    });
  }

  async close(): Promise<void> {
    try {
      await this.log?.close();
    } finally {
      this.folder.close();
    }
  }

  private isToBeEvaluated(step: number): boolean {
    const { schedule, settings, validation } = this.preparation;
    const isDue = step % settings.evalSteps === 0 || step === schedule.steps;
    return validation !== null && step > 0 && isDue;
  }

  /** Of the checkpoint that was written last. */
  private async evaluate(): Promise<EvaluationResult> {
    const { signal, threads, timeoutMs, allowTf32 } = this.options;
    const { device } = this.learner as Learner;
    const { folder, step } = this.kept as Checkpoint;
    const { processor, validation } = this.preparation;
    const loading = { device, allowTf32, threads, signal };
    const model = await BitForImageClassification.fromPretrained(folder, loading);
    try {
      const given = { signal, timeoutMs };
      const { result, unreadable } = await runEvaluation({ model, processor }, validation!, given);
      for (const problem of unreadable) this.onProblem(problem);
      const before = this.best?.evaluation;
      // Where nothing could be measured, the last one is as good as any.
      if (!before || before.examples === 0 || isBetter(result, before)) await this.makeBest(result);
      // Last: a run that is killed before it evaluates once more.
      await (this.log as RunLog).evaluation(step, result);
      return result;
    } catch (cause) {
      if (!(cause instanceof BitError) || cause.code !== 'ERR_BIT_SHAPE') throw cause;
      const message = `The network gives no numbers any more after step ${step}: lower learningRate`;
      throw new DivergedError(message, { cause });
    } finally {
      await model.dispose();
    }
  }

  private async makeBest(evaluation: EvaluationResult | null): Promise<void> {
    const kept = this.kept as Checkpoint;
    await this.folder.keep(kept, evaluation);
    this.best = { step: kept.step, evaluation };
  }
}
