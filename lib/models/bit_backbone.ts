// The trunk as a feature pyramid.
import type { BitConfigFields } from '../config/bit_config_fields';
import type { ForwardOptions } from '../config/call_options';
import type { FromConfigOptions } from '../config/model_options';
import { allWidths } from '../config/network_spec';
import type { BitConfig } from './bit_config';
import type { Inputs } from './inputs';
import type { Kind } from './kind';
import { loadPretrained, loadRandom } from './load';
import type { LoadOptions } from './load_options';
import { toTensorObjects, withHiddenStates, type BackboneOutput } from './outputs';
import { BitPreTrainedModel } from './pretrained_model';
import { runnerOf, type Runner } from './runner';
import { openShared, type SharedModel } from './share';

const KIND: Kind = { architecture: 'BitBackbone', prefix: 'bit.', hasHead: false };

/**
 * BiT for detectors and hybrid transformers: transformers' BitBackbone.
 * @category Models
 */
export class BitBackbone extends BitPreTrainedModel {
  private constructor(runner: Runner) {
    super(runner, KIND.architecture);
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

  /** 'stem' and one name for each stage. */
  get stageNames(): readonly string[] {
    return this.config.stageNames;
  }

  /**
   * Names of the maps, in stage order: 'stem', 'stage1', … Later calls return those that are set,
   * null for the last; outIndices and the config follow.
   * @throws BitError ERR_BIT_CONFIG for unknown, repeated or unordered ones, when it is set.
   */
  get outFeatures(): readonly string[] {
    return this.config.outFeatures;
  }

  /** null: the last stage. */
  set outFeatures(names: readonly string[] | null) {
    changeConfig(this, { outFeatures: (names ?? null) as string[] });
  }

  /**
   * Places of the maps in [stem, stage1, …], as they were given (negative from the end). May be set
   * as outFeatures, which follows.
   */
  get outIndices(): readonly number[] {
    return this.config.outIndices;
  }

  /** null: the last stage. */
  set outIndices(indices: readonly number[] | null) {
    changeConfig(this, { outIndices: (indices ?? null) as number[] });
  }

  /** Channels of the stem and of every stage that the config has a size for. */
  get numFeatures(): readonly number[] {
    return [this.config.embeddingSize, ...allWidths(this.config)];
  }

  /** Channels by stage, whether its map is returned or not. */
  get outFeatureChannels(): Readonly<Record<string, number>> {
    const channels = this.numFeatures;
    const entries = this.stageNames.map((name, i) => [name, channels[i] as number] as const);
    return Object.fromEntries(entries);
  }

  /** Channels of each map of outFeatures. */
  get channels(): readonly number[] {
    const channels = this.outFeatureChannels;
    return this.outFeatures.map((name) => channels[name] as number);
  }

  /** As every model's, and the maps that are set here. */
  override share(): SharedModel {
    return { ...super.share(), outIndices: [...this.outIndices] };
  }

  /**
   * @param inputs pixelValues: floating [N, numChannels, H, W].
   * @throws BitError ERR_BIT_SHAPE, ERR_BIT_DISPOSED or ERR_BIT_OUT_OF_MEMORY.
   */
  async forward(inputs: Inputs, options: ForwardOptions = {}): Promise<BackboneOutput> {
    const runner = runnerOf(this);
    const outputs = { featureMaps: mapIndices(this.config) };
    const result = await runner.forward(inputs, options, () => ({ outputs }));
    const output: BackboneOutput = { featureMaps: toTensorObjects(result.featureMaps) };
    return withHiddenStates(output, result, runner.wantsHiddenStates(options));
  }
}

/** For fields that leave the network as it is. */
function changeConfig(model: BitBackbone, changes: Partial<BitConfigFields>): void {
  const runner = runnerOf(model);
  runner.config = runner.config.with(changes);
}

/** Places of the maps, which a config has in the order in which the network makes them. */
function mapIndices({ stageNames, outFeatures }: BitConfig): number[] {
  return outFeatures.map((name) => stageNames.indexOf(name));
}
