// The loop of a run: steps, and between them checkpoints and evaluations.
import { BitError } from '../errors';
import { BitForImageClassification } from '../models/bit_for_image_classification';
import { normalisationOf } from './augment';
import { Checkpoints, type Checkpoint } from './checkpoints';
import type { Dataset, DatasetProblem, Example } from './data/dataset';
import type { EvaluationResult } from './evaluation/evaluation';
import { runEvaluation } from './evaluation/run';
import { isBetter } from './evaluation/merit';
import { Feed } from './feed';
import { Learner, LossError, type LearnerSettings } from './learner';
import { RunLog } from './logs/run_log';
import type { FineTuneOptions } from './options';
import { Order } from './order';
import { Pace } from './pace';
import { Pictures } from './pictures';
import type { Preparation } from './prepare';
import { Problems } from './problems';
import { RunFolder, type Best } from './run_folder';
import { expectSome, sift, withoutThem } from './sift';

/** Bytes of resized pictures that are kept in memory. */
const PICTURE_ROOM = 1024 ** 3;

/**
 * What a run tells of itself after each step.
 * @category Training
 */
export interface TrainingStep {
  /** Steps taken so far, those of earlier runs too. */
  step: number;
  /** Of the whole run. */
  steps: number;
  /** The mean loss of the step's examples, before it was taken. */
  loss: number;
  /** Of the step. */
  learningRate: number;
  /** Of late. */
  imagesPerSecond: number;
  /** Until the end, at this rate. */
  secondsLeft: number;
  /** Of the validation, after steps that are followed by one. */
  evaluation: EvaluationResult | null;
  /** What was found in the data since the last step and left out, such as a picture that is gone by now. */
  problems: DatasetProblem[];
}

/**
 * What is left of a run.
 * @category Training
 */
export interface FineTuneResult {
  /** The folder of the model. */
  output: string;
  /** All that were taken. */
  steps: number;
  /** After how many steps the model in `output` was: the best by the validation, or the last one without it. */
  bestStep: number;
  /** Of that model on the validation; null without one. */
  evaluation: EvaluationResult | null;
  /** Examples that were learnt from. */
  trainExamples: number;
  /** What was found in the data and left out. */
  problems: DatasetProblem[];
  /** The page that shows how it went; null where none was asked for. */
  report: string | null;
}

export class Run {
  private best: Best | null = null;

  private constructor(
    private readonly preparation: Preparation,
    private readonly options: FineTuneOptions,
    private readonly folder: RunFolder,
    private readonly checkpoints: Checkpoints,
    private readonly learner: Learner,
    private readonly feed: Feed,
    private readonly log: RunLog,
    private readonly readable: readonly Example[],
    private readonly problems: Problems,
    /** What it goes on from, or has written last. */
    private kept: Checkpoint | null,
  ) {}

  /**
   * Reads all that it takes.
   * @throws BitError ERR_BIT_OUTPUT for a folder of another run, ERR_BIT_CONFIG for pictures none of which can be read.
   */
  static async open(preparation: Preparation, options: FineTuneOptions): Promise<Run> {
    const { settings, train, processor } = preparation;
    const { signal, timeoutMs, output, restart = false } = options;
    const folder = new RunFolder(output);
    await folder.open(preparation, restart);
    const checkpoints = new Checkpoints(folder.checkpoints);
    const last = await checkpoints.last();
    const pictures = new Pictures({ ...settings, room: PICTURE_ROOM, timeoutMs, signal });
    const problems = new Problems(preparation.problems);
    // One that went on without some pictures goes on without them.
    const before = last && (await folder.leftOut());
    const sifted = await sift(withoutThem(train.examples, before ?? []), pictures);
    for (const problem of [...(before ?? []), ...sifted.leftOut]) problems.add(problem);
    expectSome(sifted.readable, sifted.leftOut);
    if (!before) await folder.leaveOut(sifted.leftOut);
    const readable = before ? withoutThem(train.examples, before) : sifted.readable;
    const { problemType } = train;
    const feed = new Feed(
      {
        ...{ ...settings, examples: readable, problemType },
        normalisation: normalisationOf(processor),
        onProblem: (problem) => problems.add(problem),
      },
      new Order({ ...settings, examples: readable.length }),
      pictures,
    );
    const learner = await learnerOf(preparation, options, last);
    try {
      const log = await RunLog.open(folder.path, last?.step ?? 0);
      const parts = [folder, checkpoints, learner, feed, log, readable, problems, last] as const;
      return new Run(preparation, options, ...parts);
    } catch (error) {
      learner.dispose();
      throw error;
    }
  }

  /**
   * Takes the steps that are left. Ended early, it leaves a checkpoint of what was learnt.
   * @throws BitError ERR_BIT_TRAINING for a loss that is no number, ERR_BIT_IMAGE where pictures cannot be read any more;
   * the signal's reason.
   */
  async *steps(): AsyncGenerator<TrainingStep, void, undefined> {
    const { schedule, settings } = this.preparation;
    this.best = await this.folder.best();
    let taken = this.kept?.step ?? 0;
    try {
      await this.catchUp();
      const pace = new Pace();
      while (taken < schedule.steps) {
        const learningRate = schedule.rateAt(taken);
        const loss = await this.step(taken, learningRate);
        taken++;
        const seconds = pace.step();
        const row = {
          step: taken,
          loss,
          learningRate,
          imagesPerSecond: settings.batchSize / seconds,
        };
        await this.log.step(row);
        const evaluation = await this.between(taken);
        const secondsLeft = seconds * (schedule.steps - taken);
        const problems = this.problems.take();
        yield { ...row, steps: schedule.steps, secondsLeft, evaluation, problems };
      }
    } catch (error) {
      // There is nothing to go on from: the checkpoint before may be of more use.
      if (isDiverged(error)) taken = this.kept?.step ?? 0;
      throw error;
    } finally {
      if (taken > (this.kept?.step ?? 0)) await this.save(taken);
    }
  }

  /** The examples of the training that can be read. */
  get learned(): Dataset {
    return { ...this.preparation.train, examples: [...this.readable] };
  }

  /** Once all steps are taken. */
  result(): Omit<FineTuneResult, 'report'> {
    const best = this.best as Best;
    return {
      output: this.options.output,
      steps: this.preparation.schedule.steps,
      bestStep: best.step,
      evaluation: best.evaluation,
      trainExamples: this.readable.length,
      problems: [...this.problems.all],
    };
  }

  async close(): Promise<void> {
    this.learner.dispose();
    await this.log.close();
  }

  /** What a run that was ended had not come to after its last checkpoint. */
  private async catchUp(): Promise<void> {
    if (this.kept === null) return;
    const { step } = this.kept;
    if (this.isToBeEvaluated(step)) {
      if (!(await this.log.hasEvaluation(step))) await this.evaluate();
    } else if (step === this.preparation.schedule.steps && this.best === null)
      await this.makeBest(null);
  }

  private async step(taken: number, learningRate: number): Promise<number> {
    const { schedule, settings } = this.preparation;
    const batches = await this.feed.take(taken, schedule.steps - 1);
    try {
      const { signal } = this.options;
      return await this.learner.step(batches, settings.batchSize, learningRate, signal);
    } catch (error) {
      if (!(error instanceof LossError)) throw error;
      throw new BitError(
        'ERR_BIT_TRAINING',
        `The loss is ${error.loss} at step ${taken + 1}, at a learning rate of ${learningRate}: lower learningRate`,
      );
    }
  }

  /** What is due after a step. */
  private async between(taken: number): Promise<EvaluationResult | null> {
    const { schedule, settings } = this.preparation;
    const isLast = taken === schedule.steps;
    const isToBeEvaluated = this.isToBeEvaluated(taken);
    if (isLast || isToBeEvaluated || taken % settings.saveSteps === 0) await this.save(taken);
    if (isToBeEvaluated) return this.evaluate();
    if (isLast) await this.makeBest(null);
    return null;
  }

  private isToBeEvaluated(taken: number): boolean {
    const { schedule, settings, validation } = this.preparation;
    const isDue = taken % settings.evalSteps === 0 || taken === schedule.steps;
    return validation !== null && taken > 0 && isDue;
  }

  private async save(taken: number): Promise<void> {
    const { processor } = this.preparation;
    this.kept = await this.checkpoints.save(taken, async (folder) => {
      await this.learner.saveAll(folder);
      await processor.savePretrained(folder);
    });
  }

  /** Of the checkpoint that was written last. */
  private async evaluate(): Promise<EvaluationResult> {
    const { signal, threads, timeoutMs } = this.options;
    const { folder, step } = this.kept as Checkpoint;
    const { processor, validation } = this.preparation;
    const model = await BitForImageClassification.fromPretrained(folder, { threads, signal });
    try {
      const given = { signal, timeoutMs };
      const { result, unreadable } = await runEvaluation({ model, processor }, validation!, given);
      for (const problem of unreadable) this.problems.add(problem);
      const before = this.best?.evaluation;
      // Where nothing could be measured, the last one is as good as any.
      if (!before || before.examples === 0 || isBetter(result, before)) await this.makeBest(result);
      // Last: a run that is killed before it evaluates once more.
      await this.log.evaluation(step, result);
      return result;
    } catch (cause) {
      if (!(cause instanceof BitError) || cause.code !== 'ERR_BIT_SHAPE') throw cause;
      const message = `The network gives no numbers any more after step ${step}: lower learningRate`;
      throw new BitError('ERR_BIT_TRAINING', message, { cause });
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

function learnerOf(
  { config, files, settings, train }: Preparation,
  { threads = 0 }: FineTuneOptions,
  last: Checkpoint | null,
): Promise<Learner> {
  const { dtype, momentum, weightDecay, seed } = settings;
  const { problemType } = train;
  const learned: LearnerSettings = {
    config,
    dtype,
    momentum,
    weightDecay,
    seed,
    problemType,
    threads,
  };
  if (last) return Learner.resume(last.folder, learned);
  return Learner.begin(files, learned, { zeroHead: files.length > 0 });
}

const isDiverged = (error: unknown) =>
  error instanceof BitError && error.code === 'ERR_BIT_TRAINING';
