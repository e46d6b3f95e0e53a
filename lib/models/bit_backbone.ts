// The trunk as a feature pyramid.
import type { BitConfig } from './bit_config';
import { stageWidths } from '../config/network_spec';
import { toTensorObjects, withHiddenStates, type BackboneOutput } from './outputs';
import {
  BitPreTrainedModel,
  loadPretrained,
  loadRandom,
  type ForwardOptions,
  type FromConfigOptions,
  type Inputs,
  type Kind,
  type Loaded,
  type LoadOptions,
} from './pretrained_model';
import { openShared, type SharedModel } from './share';

const KIND: Kind = { architecture: 'BitBackbone', prefix: 'bit.', hasHead: false };

/** BiT for detectors and hybrid transformers: transformers' BitBackbone. */
export class BitBackbone extends BitPreTrainedModel {
  private constructor(loaded: Loaded) {
    super(loaded, KIND);
  }

  /**
   * Loads a directory, a checkpoint file or a hub id; outFeatures or outIndices choose the maps.
   * @throws BitError ERR_BIT_CHECKPOINT, ERR_BIT_CONFIG, ERR_BIT_DEVICE or ERR_BIT_LIBTORCH.
   */
  static async fromPretrained(source: string, options: LoadOptions = {}): Promise<BitBackbone> {
    return new BitBackbone(await loadPretrained(KIND, source, options));
  }

  /** Seeded random weights in transformers' distributions. */
  static async fromConfig(
    config: BitConfig,
    options: FromConfigOptions = {},
  ): Promise<BitBackbone> {
    return new BitBackbone(await loadRandom(KIND, config, options));
  }

  /**
   * Opens the weights of a BitBackbone of another thread by what its share() returned.
   * @throws BitError ERR_BIT_CONFIG, or ERR_BIT_DISPOSED when no model holds them any more.
   */
  static async fromShared(handle: SharedModel): Promise<BitBackbone> {
    return new BitBackbone(openShared(KIND, handle));
  }

  /** Names of the maps, in stage order: 'stem', 'stage1', … */
  get outFeatures(): readonly string[] {
    return this.config.outFeatures;
  }

  /** Places of the maps in [stem, stage1, …], as the config gives them (negative from the end). */
  get outIndices(): readonly number[] {
    return this.config.outIndices;
  }

  /** Channels of each map of outFeatures. */
  get channels(): readonly number[] {
    const widths = [this.config.embeddingSize, ...stageWidths(this.config)];
    return this.mapIndices().map((index) => widths[index] as number);
  }

  /**
   * @param inputs pixelValues: floating [N, numChannels, H, W].
   * @throws BitError ERR_BIT_SHAPE, ERR_BIT_DISPOSED or ERR_BIT_OUT_OF_MEMORY.
   */
  async forward(inputs: Inputs, options: ForwardOptions = {}): Promise<BackboneOutput> {
    const rest = { labels: null, problemType: null, featureMaps: this.mapIndices(), head: false };
    const result = await this.run(inputs, options, () => rest);
    const output: BackboneOutput = { featureMaps: toTensorObjects(result.featureMaps) };
    return withHiddenStates(output, result, this.wantsHiddenStates(options));
  }

  private mapIndices(): number[] {
    const names = this.config.stageNames;
    return this.outFeatures.map((name) => names.indexOf(name)).sort((a, b) => a - b);
  }
}
