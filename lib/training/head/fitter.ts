// Heads of features that are on disk: fitted, measured, applied.
import { loadBinding } from '../../binding/load';
import { runJob } from '../../binding/job';
import type { FittedHead, LinearHead, NativeHeadFitter } from '../../binding/training_types';
import type { NativeTensor } from '../../binding/types';
import { Tensor } from '../../tensor';
import type { Dataset } from '../data/dataset';
import { targetsOf } from '../feed';
import type { FeatureFile } from './feature_file';
import type { Folds } from './folds';
import type { StrengthScore } from './strengths';

/** Rows that are in JavaScript's memory at once. */
const ROWS = 1024;
/** How far from the least value a fit may end: one that chooses a strength, and the one that is kept. */
const TRIAL_GAP = 1e-5;
const GAP = 1e-12;

/** Products of a pass over the examples: fewer are done before a second thread has begun. */
const FEW_PRODUCTS = 5e6;

export class Fitter {
  private constructor(
    private readonly native: NativeHeadFitter,
    private readonly data: Dataset,
    private readonly folds: Folds,
  ) {}

  /**
   * @param keys of the features of the examples.
   * @throws BitError ERR_BIT_OUTPUT for a file that cannot be read; the signal's reason.
   */
  static async open(
    data: Dataset,
    keys: readonly string[],
    features: FeatureFile,
    folds: Folds,
    { threads = 0, signal }: { threads?: number; signal?: AbortSignal },
  ): Promise<Fitter> {
    const { problemType, labels, examples } = data;
    const [width, outputs] = [features.width as number, labels.length];
    const isLittle = examples.length * width * outputs < FEW_PRODUCTS;
    const native = loadBinding().openHeadFitter({
      ...{ problemType, width, outputs },
      targets: targetsOf(examples, problemType),
      folds: folds.ofExamples,
      threads: isLittle ? 1 : threads,
    });
    try {
      for await (const { first, rows } of blocksOf(keys, features, signal))
        await native.put(first, rows);
      return new Fitter(native, data, folds);
    } catch (error) {
      native.dispose();
      throw error;
    }
  }

  /** Whether there are examples to leave out. */
  get canScore(): boolean {
    return this.folds.measured.length > 0;
  }

  /** Fits without each fold, and measures on it. @throws the signal's reason. */
  async score(strength: number, signal?: AbortSignal): Promise<StrengthScore> {
    const all = { examples: 0, loss: 0, hits: 0 };
    for (const fold of this.folds.measured) {
      const request = { fold, strength, gap: TRIAL_GAP };
      const { examples, meanLoss, hits } = await runJob(() => this.native.score(request), signal);
      all.examples += examples;
      all.loss += meanLoss * examples;
      all.hits += hits;
    }
    const hasClasses = this.data.problemType === 'single_label_classification';
    const accuracy = hasClasses ? all.hits / all.examples : null;
    return { strength, loss: all.loss / all.examples, accuracy };
  }

  /** Fits to all examples. @throws the signal's reason. */
  fit(strength: number, signal?: AbortSignal): Promise<FittedHead> {
    return runJob(() => this.native.fit({ fold: null, strength, gap: GAP }), signal);
  }

  dispose(): void {
    this.native.dispose();
  }
}

/** [n, outputs] of all examples in order, some at a time. @throws as Fitter.open(). */
export async function* outputsOf(
  { weight, bias }: LinearHead,
  keys: readonly string[],
  features: FeatureFile,
  signal?: AbortSignal,
): AsyncGenerator<Tensor<Float32Array>, void, undefined> {
  for await (const { rows } of blocksOf(keys, features, signal)) {
    const { data, shape } = await loadBinding().headOutputs({ weight, bias, features: rows });
    yield Tensor.from(data as Float32Array, shape);
  }
}

async function* blocksOf(
  keys: readonly string[],
  features: FeatureFile,
  signal?: AbortSignal,
): AsyncGenerator<{ first: number; rows: NativeTensor }, void, undefined> {
  const width = features.width as number;
  for (let first = 0; first < keys.length; first += ROWS) {
    signal?.throwIfAborted();
    const part = keys.slice(first, first + ROWS);
    const data = await features.read(part);
    yield { first, rows: { dtype: 'float32', shape: [part.length, width], data } };
  }
}
