// The public fineTune(): a run, step by step or at once.
import { DEFAULT_DEVICE, DEFAULT_MODEL } from '../config/defaults';
import { BitError, Caller } from '../errors';
import { throwIfAborted } from '../signal';
import { countsByClass } from './data/balance';
import type { Dataset } from './data/dataset';
import { countGpus, deviceOf, expectDevice, gpuOf } from './device';
import { prepareHead } from './head/prepare';
import { HeadRun, type HeadResult, type HeadStep } from './head/run';
import {
  checkFineTuneOptions,
  dataSource,
  expectCheck,
  type FineTuneOptions,
  type HeadOptions,
  type TrainingData,
} from './options';
import { Peers } from './peers/peers';
import {
  ALONE,
  localPlaceOf,
  placeOf,
  sharedThreads,
  type LocalPlace,
  type PeerPlace,
} from './peers/place';
import { prepareRun } from './prepare';
import { writeHeadReport, writeRunReport } from './report/report';
import { Run, type FineTuneResult, type TrainingStep } from './run';

/**
 * A run of training: its steps as they are taken, and what it comes to.
 * @category Training
 */
export interface FineTuning<
  Step = TrainingStep,
  Result = FineTuneResult,
> extends AsyncIterable<Step> {
  /**
   * Takes all steps, or waits for whoever goes through them.
   * @throws what ended the run; BitError ERR_BIT_TRAINING where somebody left off before the last step.
   */
  result(): Promise<Result>;
}

/**
 * Transfers a BiT model to a data set, by the BiT-HyperRule (Kolesnikov et al., 1912.11370) unless options say otherwise.
 *
 * `output` becomes a model's directory, which loads here and in transformers, labels included. A run that was ended goes
 * on where it was by the same call, and ends with the weights of one that never was.
 *
 * ```ts
 * const run = fineTune('google/bit-50', 'flowers/', { output: 'flower-model' });
 * for await (const { step, loss, evaluation } of run) console.log(step, loss, evaluation?.loss);
 * console.log(await run.result());
 * ```
 * @param source a directory, a checkpoint file or a hub id; null for the small model of the package.
 * @param data a folder with a folder of pictures for each class, a CSV, JSONL or Parquet file of pictures and
 *   labels, or a data set.
 * @throws BitError ERR_BIT_CONFIG for wrong options and data that cannot be learnt from, ERR_BIT_DEVICE for a GPU that is
 *   not there or fails, ERR_BIT_OUT_OF_MEMORY where its memory is too short, ERR_BIT_OUTPUT where nothing can be written or
 *   another run is there, ERR_BIT_TRAINING for a loss that is no number any more and for another process that is
 *   gone, ERR_BIT_IMAGE where pictures are gone and none can take their place; the signal's reason. What was learnt until then
 *   is kept, and the model where only the report cannot be written.
 * @category Training
 */
export function fineTune(
  source: string | null,
  data: string | Dataset,
  options: FineTuneOptions,
): FineTuning;
/**
 * With `headOnly`, the head alone: features are computed once and kept in `training/features` of `output`, then fitted to.
 *
 * ```ts
 * const { strength, evaluation } = await fineTune(null, 'flowers/', { output: 'flower-model', headOnly: true }).result();
 * ```
 * @category Training
 */
export function fineTune(
  source: string | null,
  data: string | Dataset,
  options: HeadOptions,
): FineTuning<HeadStep, HeadResult>;
export function fineTune(
  source: string | null,
  data: string | Dataset,
  options: FineTuneOptions | HeadOptions,
): FineTuning | FineTuning<HeadStep, HeadResult> {
  const checked = checkFineTuneOptions(options);
  expectCheck(dataSource, 'data', data);
  throwIfAborted(checked.signal);
  const place = placeOf(checked.headOnly ? undefined : checked.distributed, process.env);
  const caller = new Caller(fineTune);
  if (checked.headOnly) {
    if (place) throw headInOneProcess(place);
    return new Running(caller, () => openHead(source, data, onDevice(checked, ALONE)));
  }
  const local = localPlaceOf(checked.distributed, process.env);
  const whole = { ...checked, threads: checked.threads ?? sharedThreads(process.env) };
  return new Running(caller, () => openAmong(place, source, data, onDevice(whole, local)));
}

/** A run that is open. */
interface Open<Step, Result> {
  steps(): AsyncGenerator<Step, void, undefined>;
  /** Once all steps are taken. */
  end(): Promise<Result>;
  /** @param error what ended it; null where it is done. */
  close(error: unknown): Promise<void>;
}

const headInOneProcess = ({ worldSize }: PeerPlace) =>
  new BitError(
    'ERR_BIT_CONFIG',
    `headOnly runs in one process, and WORLD_SIZE says ${worldSize}: unset it, or learn all of the network`,
  );

/** With the device that this process learns on, which is there or 'auto'. */
function onDevice<Options extends FineTuneOptions | HeadOptions>(
  options: Options,
  local: LocalPlace,
): Options {
  const device = deviceOf(options.device ?? DEFAULT_DEVICE, local, countGpus);
  expectDevice(device);
  return { ...options, device };
}

/** With the other processes, where there are any. */
async function openAmong(
  place: PeerPlace | null,
  source: string | null,
  data: string | Dataset,
  options: FineTuneOptions,
): Promise<Open<TrainingStep, FineTuneResult>> {
  const gpu = gpuOf(options.device ?? DEFAULT_DEVICE, countGpus);
  const peers = place && (await Peers.join(place, gpu, options.signal));
  try {
    const run = await openWhole(source, data, options, peers);
    const close = async (error: unknown) => {
      try {
        await run.close(error);
      } finally {
        await peers?.close(error);
      }
    };
    return { ...run, close };
  } catch (error) {
    await peers?.close(error);
    throw error;
  }
}

async function openWhole(
  source: string | null,
  data: string | Dataset,
  options: FineTuneOptions,
  peers: Peers | null,
): Promise<Open<TrainingStep, FineTuneResult>> {
  const preparation = await prepareRun(source, data, options);
  const run = await Run.open(preparation, options, peers);
  return {
    steps: () => {
      options.onData?.(dataOf(run.learned, preparation.validation));
      return run.steps();
    },
    end: async () => {
      const [learned, result] = [run.learned, await run.result()];
      const all = { source: source ?? DEFAULT_MODEL, preparation, learned, result };
      const isWanted = options.report !== false && (peers === null || peers.rank === 0);
      const report = isWanted ? await writeRunReport(all, options) : null;
      return { ...result, report };
    },
    close: () => run.close(),
  };
}

async function openHead(
  source: string | null,
  data: string | Dataset,
  options: HeadOptions,
): Promise<Open<HeadStep, HeadResult>> {
  const preparation = await prepareHead(source, data, options);
  const run = await HeadRun.open(preparation, options);
  return {
    steps: () => {
      options.onData?.(dataOf(preparation.train, preparation.validation));
      return run.steps();
    },
    end: async () => {
      const [learned, result] = [run.learned, run.result()];
      const all = { source: preparation.model, preparation, learned, result };
      const report = options.report === false ? null : await writeHeadReport(all, options);
      return { ...result, report };
    },
    close: () => run.close(),
  };
}

const LEFT = 'The run was left before its last step: the same call goes on from there';

class Running<Step, Result> implements FineTuning<Step, Result> {
  private readonly generator: AsyncGenerator<Step, Result, undefined>;
  private readonly end: Promise<Result>;
  private settle!: { done: (result: Result) => void; failed: (error: unknown) => void };
  /** Whether somebody takes the steps. */
  private isUnderWay = false;

  constructor(
    private readonly caller: Caller,
    open: () => Promise<Open<Step, Result>>,
  ) {
    this.generator = this.run(open);
    this.end = new Promise((done, failed) => (this.settle = { done, failed }));
    this.end.catch(() => undefined); // told to whoever takes the steps, too
  }

  [Symbol.asyncIterator](): AsyncIterator<Step> {
    this.isUnderWay = true;
    return this.generator;
  }

  result(): Promise<Result> {
    if (!this.isUnderWay) this.takeAll().catch(() => undefined); // the end has it
    return this.end;
  }

  private async takeAll(): Promise<void> {
    this.isUnderWay = true;
    while (!(await this.generator.next()).done);
  }

  private async *run(
    open: () => Promise<Open<Step, Result>>,
  ): AsyncGenerator<Step, Result, undefined> {
    let ended: unknown = new BitError('ERR_BIT_TRAINING', LEFT);
    let finished: { result: Result } | null = null;
    try {
      const run = await open();
      try {
        yield* run.steps();
        finished = { result: await run.end() };
        return finished.result;
      } catch (error) {
        ended = error;
        throw error;
      } finally {
        await run.close(finished ? null : ended);
      }
    } catch (error) {
      throw (ended = this.caller.shownIn(error));
    } finally {
      if (finished) this.settle.done(finished.result);
      else this.settle.failed(ended);
    }
  }
}

function dataOf(learned: Dataset, validation: Dataset | null): TrainingData {
  return {
    problemType: learned.problemType,
    trainExamples: learned.examples.length,
    validationExamples: validation && validation.examples.length,
    classes: countsByClass(learned),
  };
}
