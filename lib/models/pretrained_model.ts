// What users find on all three model classes.
import { join } from 'node:path';
import type { LayerTime, LoadingInfo, NetworkDType } from '../binding/types';
import type { DisposeOptions, ForwardOptions } from '../config/call_options';
import { BitError, forCaller } from '../errors';
import type { Tensor } from '../tensor';
import type { BitConfig } from './bit_config';
import type { Inputs } from './inputs';
import { checkDirectory } from './json_file';
import { toTensorObject } from './outputs';
import { runBy, Runner, runnerOf } from './runner';
import { toShared, type SharedModel } from './share';
import { toModelStats, type ModelStats } from './stats';

/** Shared by BitModel, BitForImageClassification and BitBackbone. */
export abstract class BitPreTrainedModel {
  /** @param runner what the static methods have loaded. */
  protected constructor(runner: object | undefined, architecture: string) {
    if (!(runner instanceof Runner)) {
      const ways = `${architecture}.fromPretrained(source) or .fromConfig(config)`;
      throw new BitError('ERR_BIT_CONFIG', `Use ${ways}: weights are loaded asynchronously`);
    }
    runBy(this, runner);
  }

  /** The numbers and labels that it was made by; changing a number changes no network. */
  get config(): BitConfig {
    return runnerOf(this).config;
  }

  /** Where the network runs: 'cpu', 'cuda:0', … or 'cuda:all'. */
  get device(): string {
    return runnerOf(this).session.device;
  }

  /** The type that it computes in; outputs are float32 whatever it is. */
  get dtype(): NetworkDType {
    return runnerOf(this).session.dtype;
  }

  /** Names that the checkpoint lacked, had too many of, or had in another shape. */
  get loadingInfo(): LoadingInfo {
    return runnerOf(this).session.loadingInfo;
  }

  /**
   * Writes config.json and model.safetensors, as transformers loads them; each file appears whole.
   * @throws BitError ERR_BIT_CHECKPOINT when it cannot be written, ERR_BIT_CONFIG for no path.
   */
  async savePretrained(directory: string): Promise<void> {
    checkDirectory(directory);
    const { session, kind } = runnerOf(this);
    await forCaller(async () => {
      // First, and at once: the weights stay until they are written, whoever disposes of the model.
      await session.save(join(directory, 'model.safetensors'));
      await this.config.savePretrained(directory, kind.architecture);
    });
  }

  /**
   * Runs once and says where the time went. On the CPU one image after the other, with a row for each
   * layer in the order in which they ran; on a GPU all images together, with one row, 'network': the
   * time on the GPU from its input there to its output there.
   * @throws as forward, and ERR_BIT_DEVICE for 'cuda:all'.
   */
  profile(inputs: Inputs, options: ForwardOptions = {}): Promise<LayerTime[]> {
    return runnerOf(this).profile(inputs, options);
  }

  /**
   * Every parameter in float32 under transformers' names, in state-dict order.
   * @throws BitError ERR_BIT_DISPOSED.
   */
  async stateDict(): Promise<Map<string, Tensor<Float32Array>>> {
    const rows = await forCaller(() => runnerOf(this).session.stateDict());
    return new Map(rows.map(({ name, tensor }) => [name, toTensorObject(tensor)]));
  }

  /** How the calls have fared so far. @throws BitError ERR_BIT_DISPOSED. */
  stats(): ModelStats {
    return toModelStats(runnerOf(this).session.stats());
  }

  /**
   * A handle to post to worker threads of this process, where fromShared() opens the same weights
   * without loading them again. It keeps nothing in memory: let the model be until they have.
   * @throws BitError ERR_BIT_DISPOSED.
   */
  share(): SharedModel {
    return toShared(runnerOf(this));
  }

  /**
   * Waits for the calls in flight, or stops them, and frees the weights unless another model shares
   * them; later calls reject with ERR_BIT_DISPOSED. May be called again.
   */
  dispose(options: DisposeOptions = {}): Promise<void> {
    return runnerOf(this).dispose(options);
  }

  /** For `await using`: dispose(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
