// The public fineTune(): a run, step by step or at once.
import { Caller } from '../errors';
import { throwIfAborted } from '../signal';
import type { Dataset } from './data/dataset';
import { prepareHead } from './head/prepare';
import { HeadRun, type HeadResult, type HeadStep } from './head/run';
import {
  checkFineTuneOptions,
  dataSource,
  expectCheck,
  type FineTuneOptions,
  type HeadOptions,
} from './options';
import { prepareRun } from './prepare';
import { Run, type FineTuneResult, type TrainingStep } from './run';

/**
 * A run of training: its steps as they are taken, and what it comes to.
 * @category Training
 */
export interface FineTuning<
  Step = TrainingStep,
  Result = FineTuneResult,
> extends AsyncIterable<Step> {
  /** Takes the steps that are left, unless somebody goes through them, and resolves at the end. */
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
 * @throws BitError ERR_BIT_CONFIG for wrong options and data that cannot be learnt from, ERR_BIT_OUTPUT where nothing can
 *   be written or another run is there, ERR_BIT_TRAINING for a loss that is no number any more; the signal's reason.
 *   What was learnt until then is kept.
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
  const caller = new Caller(fineTune);
  if (checked.headOnly)
    return new Running(caller, async () =>
      HeadRun.open(await prepareHead(source, data, checked), checked),
    );
  return new Running(caller, async () =>
    Run.open(await prepareRun(source, data, checked), checked),
  );
}

/** A run that is open. */
interface Open<Step, Result> {
  steps(): AsyncGenerator<Step, void, undefined>;
  result(): Result;
  close(): Promise<void>;
}

class Running<Step, Result> implements FineTuning<Step, Result> {
  private readonly generator: AsyncGenerator<Step, Result, undefined>;
  private end: Result | null = null;

  constructor(
    private readonly caller: Caller,
    open: () => Promise<Open<Step, Result>>,
  ) {
    this.generator = this.run(open);
  }

  [Symbol.asyncIterator](): AsyncIterator<Step> {
    return this.generator;
  }

  async result(): Promise<Result> {
    for (let next = await this.generator.next(); !next.done; next = await this.generator.next());
    return this.end as Result;
  }

  private async *run(
    open: () => Promise<Open<Step, Result>>,
  ): AsyncGenerator<Step, Result, undefined> {
    try {
      const run = await open();
      try {
        yield* run.steps();
        return (this.end = run.result());
      } finally {
        await run.close();
      }
    } catch (error) {
      throw this.caller.shownIn(error);
    }
  }
}
