// The trunk with a linear head, and the losses of its labels.
import type { ForwardOptions } from '../config/call_options';
import type { FromConfigOptions } from '../config/model_options';
import type { BitConfig } from './bit_config';
import { resolveLabels, type Labels } from './labels';
import { required, toTensorObject, withHiddenStates, type ImageClassifierOutput } from './outputs';
import {
  BitPreTrainedModel,
  loadPretrained,
  loadRandom,
  toNative,
  type Inputs,
  type Kind,
  type Loaded,
  type LoadOptions,
} from './pretrained_model';
import { openShared, type SharedModel } from './share';

export const KIND: Kind = {
  architecture: 'BitForImageClassification',
  prefix: 'bit.',
  hasHead: true,
};

export type ClassifierInputs = Inputs & { labels?: Labels | null };

/** BiT with a classification head: transformers' BitForImageClassification. */
export class BitForImageClassification extends BitPreTrainedModel {
  private constructor(loaded: Loaded) {
    super(loaded, KIND);
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
    const result = await this.run(inputs, options, () => {
      const resolved = given === null ? null : resolveLabels(given, this.config);
      return {
        labels: resolved && toNative(resolved.labels),
        problemType: resolved && resolved.problemType,
        featureMaps: [],
        head: true,
      };
    });
    const output: ImageClassifierOutput = { logits: required(result, 'logits') };
    if (result.loss) output.loss = toTensorObject(result.loss);
    return withHiddenStates(output, result, this.wantsHiddenStates(options));
  }
}
