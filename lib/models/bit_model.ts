// The trunk without a head.
import type { ForwardOptions } from '../config/call_options';
import type { FromConfigOptions } from '../config/model_options';
import type { BitConfig } from './bit_config';
import type { Inputs } from './inputs';
import type { Kind } from './kind';
import { loadPretrained, loadRandom } from './load';
import type { LoadOptions } from './load_options';
import { required, withHiddenStates, type BitModelOutput } from './outputs';
import { BitPreTrainedModel } from './pretrained_model';
import { runnerOf, type Runner } from './runner';
import { openShared, type SharedModel } from './share';

const KIND: Kind = { architecture: 'BitModel', prefix: '', hasHead: false };

/**
 * BiT without a classification head: transformers' BitModel.
 * @category Models
 */
export class BitModel extends BitPreTrainedModel {
  private constructor(runner: Runner) {
    super(runner, KIND.architecture);
  }

  /**
   * Loads a directory, a checkpoint file or a hub id.
   * @throws BitError ERR_BIT_CHECKPOINT, ERR_BIT_CONFIG, ERR_BIT_DEVICE or ERR_BIT_LIBTORCH.
   */
  static async fromPretrained(source: string, options: LoadOptions = {}): Promise<BitModel> {
    return new BitModel(await loadPretrained(KIND, source, options));
  }

  /** Seeded random weights in transformers' distributions. */
  static async fromConfig(config: BitConfig, options: FromConfigOptions = {}): Promise<BitModel> {
    return new BitModel(await loadRandom(KIND, config, options));
  }

  /**
   * Opens the weights of a BitModel of another thread by what its share() returned.
   * @throws BitError ERR_BIT_CONFIG, or ERR_BIT_DISPOSED when no model holds them any more.
   */
  static async fromShared(handle: SharedModel): Promise<BitModel> {
    return new BitModel(openShared(KIND, handle));
  }

  /**
   * @param inputs pixelValues: floating [N, numChannels, H, W].
   * @throws BitError ERR_BIT_SHAPE, ERR_BIT_DISPOSED or ERR_BIT_OUT_OF_MEMORY.
   */
  async forward(inputs: Inputs, options: ForwardOptions = {}): Promise<BitModelOutput> {
    const runner = runnerOf(this);
    const outputs = { lastHiddenState: true, poolerOutput: true };
    const result = await runner.forward(inputs, options, () => ({ outputs }));
    const output: BitModelOutput = {
      lastHiddenState: required(result, 'lastHiddenState'),
      poolerOutput: required(result, 'poolerOutput'),
    };
    return withHiddenStates(output, result, runner.wantsHiddenStates(options));
  }
}
