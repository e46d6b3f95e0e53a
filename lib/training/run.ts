// The loop of a run: steps, each with what is due after it; by one process or by several that share the batches.
import { DEFAULT_DEVICE } from '../config/defaults';
import { normalisationOf } from './augment';
import type { Dataset, DatasetProblem, Example } from './data/dataset';
import type { EvaluationResult } from './evaluation/evaluation';
import { Feed } from './feed';
import { DivergedError, Keeper, type Start } from './keeper';
import { Learner, LossError, type LearnerBatch, type LearnerSettings } from './learner';
import type { FineTuneOptions } from './options';
import { Order } from './order';
import { Pace } from './pace';
import { expectAgreement } from './peers/agreement';
import { fromFirst, together, type Peers } from './peers/peers';
import { Pictures } from './pictures';
import type { Preparation } from './prepare';
import { Problems } from './problems';
import { factsOf } from './run_folder';
import { expectSome, siftTogether, withoutThem } from './sift';

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

/** What a run is made of, once it is open. */
interface Parts {
  /** Of rank 0. */
  keeper: Keeper | null;
  learner: Learner;
  feed: Feed;
  readable: readonly Example[];
  problems: Problems;
  /** Those that this process has found and not told the others of. */
  found: DatasetProblem[];
  /** Steps that were taken before. */
  step: number;
}

export class Run {
  private constructor(
    private readonly preparation: Preparation,
    private readonly options: FineTuneOptions,
    private readonly peers: Peers | null,
    private readonly parts: Parts,
  ) {}

  /**
   * Reads all that it takes. Of several processes, all read; rank 0 says where to go on from.
   * @throws BitError ERR_BIT_OUTPUT for a folder of another run, ERR_BIT_CONFIG for pictures none of which can be read and
   * for processes that would not train the same.
   */
  static async open(
    preparation: Preparation,
    options: FineTuneOptions,
    peers: Peers | null,
  ): Promise<Run> {
    if (peers) await expectAgreement(peers, factsOf(preparation));
    let keeper: Keeper | null = null;
    try {
      const start = await fromFirst(peers, async (): Promise<Start> => {
        keeper = await Keeper.open(preparation, options);
        return keeper.start();
      });
      const parts = await partsOf(preparation, options, keeper, start, peers);
      return new Run(preparation, options, peers, parts);
    } catch (error) {
      await (keeper as Keeper | null)?.close();
      throw error;
    }
  }

  /**
   * Takes the steps that are left. Ended early, it leaves a checkpoint of what was learnt.
   * @throws BitError ERR_BIT_TRAINING for a loss that is no number, and where another process is gone; ERR_BIT_IMAGE where
   * pictures cannot be read any more; the signal's reason.
   */
  async *steps(): AsyncGenerator<TrainingStep, void, undefined> {
    const { schedule, settings } = this.preparation;
    const { keeper, learner, problems, found } = this.parts;
    let taken = this.parts.step;
    try {
      await this.tellAll(() => keeper?.begin(learner, (problem) => found.push(problem)));
      const pace = new Pace();
      while (taken < schedule.steps) {
        const learningRate = schedule.rateAt(taken);
        const loss = await this.step(taken, learningRate);
        taken++;
        const seconds = pace.step();
        const imagesPerSecond = settings.batchSize / seconds;
        const row = { step: taken, loss, learningRate, imagesPerSecond };
        const evaluation = (await this.tellAll(() => keeper?.after(row))) ?? null;
        const secondsLeft = seconds * (schedule.steps - taken);
        const { steps } = schedule;
        yield { ...row, steps, secondsLeft, evaluation, problems: problems.take() };
      }
    } catch (error) {
      // There is nothing to go on from: the checkpoint before may be of more use.
      if (error instanceof DivergedError) taken = 0;
      throw error;
    } finally {
      await keeper?.save(taken);
    }
  }

  /** The examples of the training that can be read. */
  get learned(): Dataset {
    return { ...this.preparation.train, examples: [...this.parts.readable] };
  }

  /** Once all steps are taken; the same in all processes. */
  async result(): Promise<Omit<FineTuneResult, 'report'>> {
    const { keeper, problems, readable } = this.parts;
    const best = await fromFirst(this.peers, () => (keeper as Keeper).model);
    return {
      output: this.options.output,
      steps: this.preparation.schedule.steps,
      bestStep: best.step,
      evaluation: best.evaluation,
      trainExamples: readable.length,
      problems: [...problems.all],
    };
  }

  async close(): Promise<void> {
    this.parts.learner.dispose();
    await this.parts.keeper?.close();
  }

  private async step(taken: number, learningRate: number): Promise<number> {
    const { settings } = this.preparation;
    const { signal } = this.options;
    try {
      const batches = this.batches(taken);
      return await this.parts.learner.step(batches, settings.batchSize, learningRate, signal);
    } catch (error) {
      if (!(error instanceof LossError)) throw error;
      throw new DivergedError(
        `The loss is ${error.loss} at step ${taken + 1}, at a learning rate of ${learningRate}: lower learningRate`,
      );
    }
  }

  /** Read within the step, so that the others hear of it where they cannot be. */
  private async *batches(taken: number): AsyncGenerator<LearnerBatch, void, undefined> {
    yield* await this.parts.feed.take(taken, this.preparation.schedule.steps - 1);
  }

  /** What rank 0 comes to; by the way all hear of the problems that each has found. */
  private async tellAll<T>(ofFirst: () => T | Promise<T>): Promise<T> {
    const { found, problems } = this.parts;
    const all = await together(this.peers, async () => {
      const value = await ofFirst();
      return { value, found: found.splice(0) };
    });
    for (const each of all) for (const problem of each.found) problems.add(problem);
    return (all[0] as { value: T }).value;
  }
}

/** Reads all that a run takes. */
async function partsOf(
  preparation: Preparation,
  options: FineTuneOptions,
  keeper: Keeper | null,
  start: Start,
  peers: Peers | null,
): Promise<Parts> {
  const pictures = picturesFor(preparation, options);
  const { readable, problems } = await readableOf(preparation, pictures, start, peers);
  const { leftOut } = readable;
  if (leftOut) await fromFirst(peers, () => keeper?.leaveOut(leftOut));
  const found: DatasetProblem[] = [];
  const feed = feedOf(preparation, readable.examples, pictures, peers, (problem) =>
    found.push(problem),
  );
  const learner = await learnerOf(preparation, options, keeper, peers);
  const { step } = start;
  return { keeper, learner, feed, readable: readable.examples, problems, found, step };
}

function picturesFor({ settings }: Preparation, { signal, timeoutMs }: FineTuneOptions): Pictures {
  return new Pictures({ ...settings, room: PICTURE_ROOM, timeoutMs, signal });
}

/** The examples that a run learns from; `leftOut` where that has just been found out. */
async function readableOf(
  { train, problems: known }: Preparation,
  pictures: Pictures,
  { leftOut: before }: Start,
  peers: Peers | null,
) {
  const problems = new Problems(known);
  // One that went on without some pictures goes on without them.
  const wanted = withoutThem(train.examples, before ?? []);
  const { readable, leftOut } = await siftTogether(wanted, pictures, peers);
  for (const problem of [...(before ?? []), ...leftOut]) problems.add(problem);
  expectSome(readable, leftOut);
  return {
    readable: before ? { examples: wanted, leftOut: null } : { examples: readable, leftOut },
    problems,
  };
}

function feedOf(
  { settings, train, processor }: Preparation,
  examples: readonly Example[],
  pictures: Pictures,
  peers: Peers | null,
  onProblem: (problem: DatasetProblem) => void,
): Feed {
  const { problemType } = train;
  const options = { ...settings, examples, problemType, onProblem };
  const normalisation = normalisationOf(processor);
  const share = peers && { rank: peers.rank, size: peers.size };
  const order = new Order({ ...settings, examples: examples.length });
  return new Feed({ ...options, normalisation, share }, order, pictures);
}

async function learnerOf(
  { config, files, settings, train }: Preparation,
  {
    threads = 0,
    gradientCheckpointing = false,
    device = DEFAULT_DEVICE,
    allowTf32 = true,
  }: FineTuneOptions,
  keeper: Keeper | null,
  peers: Peers | null,
): Promise<Learner> {
  const { dtype, momentum, weightDecay, seed } = settings;
  const { problemType } = train;
  const ofRun = { dtype, momentum, weightDecay, seed, problemType };
  const ofPlace = { threads, device, allowTf32 };
  const learned: LearnerSettings = { config, gradientCheckpointing, ...ofPlace, ...ofRun };
  let learner: Learner | null = null;
  try {
    await together(peers, async () => {
      const folder = keeper && keeper.checkpoint;
      if (folder) learner = await Learner.resume(folder, learned);
      else learner = await Learner.begin(files, learned, { zeroHead: files.length > 0 });
    });
    if (peers) await (learner as unknown as Learner).join(peers);
    return learner as unknown as Learner;
  } catch (error) {
    (learner as Learner | null)?.dispose();
    throw error;
  }
}
