// The public fineTune(): a run, step by step or at once.
import { Caller } from '../errors';
import { throwIfAborted } from '../signal';
import type { Dataset } from './data/dataset';
import { checkFineTuneOptions, dataSource, expectCheck, type FineTuneOptions } from './options';
import { prepareRun } from './prepare';
import { Run, type FineTuneResult, type TrainingStep } from './run';

/**
 * A run of training: its steps as they are taken, and what it comes to.
 * @category Training
 */
export interface FineTuning extends AsyncIterable<TrainingStep> {
  /** Takes the steps that are left, unless somebody goes through them, and resolves at the end. */
  result(): Promise<FineTuneResult>;
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
): FineTuning {
  const checked = checkFineTuneOptions(options);
  expectCheck(dataSource, 'data', data);
  throwIfAborted(checked.signal);
  return new Running(new Caller(fineTune), source, data, checked);
}

class Running implements FineTuning {
  private readonly generator: AsyncGenerator<TrainingStep, FineTuneResult, undefined>;
  private end: FineTuneResult | null = null;

  constructor(
    private readonly caller: Caller,
    source: string | null,
    data: string | Dataset,
    options: FineTuneOptions,
  ) {
    this.generator = this.run(source, data, options);
  }

  [Symbol.asyncIterator](): AsyncIterator<TrainingStep> {
    return this.generator;
  }

  async result(): Promise<FineTuneResult> {
    for (let next = await this.generator.next(); !next.done; next = await this.generator.next());
    return this.end as FineTuneResult;
  }

  private async *run(
    source: string | null,
    data: string | Dataset,
    options: FineTuneOptions,
  ): AsyncGenerator<TrainingStep, FineTuneResult, undefined> {
    try {
      const run = await Run.open(await prepareRun(source, data, options), options);
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
