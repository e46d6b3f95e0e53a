// The trunk with a linear head, and the losses of its labels.
import type { ForwardOptions } from '../config/call_options';
import type { FromConfigOptions } from '../config/model_options';
import type { BitConfig } from './bit_config';
import type { Inputs } from './inputs';
import type { Kind } from './kind';
import { resolveLabels, type Labels } from './labels';
import { loadPretrained, loadRandom } from './load';
import type { LoadOptions } from './load_options';
import { toNative } from './native_input';
import { required, toTensorObject, withHiddenStates, type ImageClassifierOutput } from './outputs';
import { BitPreTrainedModel } from './pretrained_model';
import { runnerOf, type Runner } from './runner';
import { openShared, type SharedModel } from './share';

export const KIND: Kind = {
  architecture: 'BitForImageClassification',
  prefix: 'bit.',
  hasHead: true,
};

/**
 * Images as pixel values, and where a loss is wanted their labels.
 * @category Models
 */
export type ClassifierInputs = Inputs & {
  /** What the loss is counted against; see {@link Labels}. */
  labels?: Labels | null;
};

/**
 * BiT with a classification head: transformers' BitForImageClassification.
 * @category Models
 */
export class BitForImageClassification extends BitPreTrainedModel {
  private constructor(runner: Runner) {
    super(runner, KIND.architecture);
  }

  /**
   * Loads a directory, a checkpoint file or a hub id. A head that the checkpoint lacks is drawn
   * from `seed` (see loadingInfo); one for other labels too, with ignoreMismatchedSizes.
   * @throws BitError ERR_BIT_CHECKPOINT, ERR_BIT_CONFIG, ERR_BIT_DEVICE or ERR_BIT_LIBTORCH.
   */
  static async fromPretrained(
    source: string,
    options: LoadOptions = {},
  ): Promise<BitForImageClassification> {
    return new BitForImageClassification(await loadPretrained(KIND, source, options));
  }

  /** Seeded random weights in transformers' distributions. */
  static async fromConfig(
    config: BitConfig,
    options: FromConfigOptions = {},
  ): Promise<BitForImageClassification> {
    return new BitForImageClassification(await loadRandom(KIND, config, options));
  }

  /**
   * Opens the weights of a BitForImageClassification of another thread by what its share() returned.
   * @throws BitError ERR_BIT_CONFIG, or ERR_BIT_DISPOSED when no model holds them any more.
   */
  static async fromShared(handle: SharedModel): Promise<BitForImageClassification> {
    return new BitForImageClassification(openShared(KIND, handle));
  }

  /**
   * @param inputs pixelValues: floating [N, numChannels, H, W]; labels: int64 classes [N] (-100 is
   *   left out), floating values that broadcast to [N, numLabels] ([N] for one label), floating
   *   probabilities [N, numLabels], or plain arrays of them.
   * @throws BitError ERR_BIT_SHAPE, ERR_BIT_DISPOSED or ERR_BIT_OUT_OF_MEMORY.
   */
  async forward(
    inputs: ClassifierInputs,
    options: ForwardOptions = {},
  ): Promise<ImageClassifierOutput> {
    const given = (inputs as ClassifierInputs | null | undefined)?.labels ?? null;
    const runner = runnerOf(this);
    const result = await runner.forward(inputs, options, () => {
      const resolved = given === null ? null : resolveLabels(given, this.config);
      return {
        labels: resolved && toNative(resolved.labels),
        problemType: resolved && resolved.problemType,
        outputs: { logits: true },
      };
    });
    const output: ImageClassifierOutput = { logits: required(result, 'logits') };
    if (result.loss) output.loss = toTensorObject(result.loss);
    return withHiddenStates(output, result, runner.wantsHiddenStates(options));
  }
}
