// What the three model classes share: loading, saving, running and letting go of a native session.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { JobGroup, runJob } from '../binding/job';
import { loadBinding } from '../binding/load';
import { unshared } from '../binding/unshared';
import type {
  ForwardRequest,
  ForwardResult,
  LayerTime,
  LoadingInfo,
  LoadRequest,
  NativeSession,
  NativeTensor,
} from '../binding/types';
import { CONFIG_FIELDS, type BitConfigFields } from '../config/bit_config';
import { anything, boolean, callPriority } from '../config/checks';
import { networkSpec } from '../config/network_spec';
import { checkOptions, only } from '../config/options';
import {
  reportBatch,
  reportError,
  reportLoad,
  traceForward,
  traceLoad,
  type ErrorEvent,
  type ForwardSpan,
} from '../diagnostics';
import { BitError, Caller, forCaller, invalid, refuseUnknown } from '../errors';
import { resolveSource } from '../hub/resolve';
import type { PretrainedOptions } from '../hub/options';
import { StagedImages } from '../image/staged';
import { throwIfAborted } from '../signal';
import { toTensor, type Tensor, type TensorLike } from '../tensor';
import { BitConfig } from './bit_config';
import { checkDirectory } from './json_file';
import { isBitConfig, ownConfig } from './own_config';
import { checkModelOptions, MODEL_CHECKS, PRETRAINED_CHECKS, type ModelOptions } from './options';
import { toTensorObject } from './outputs';
import { describeModel, toShared, type SharedModel } from './share';
import { toModelStats, type ModelStats } from './stats';
import { warnOfDevices, warnOfMissing } from './warnings';

/** Largest seed that crosses the boundary exactly. */
const MAX_SEED = Number.MAX_SAFE_INTEGER;

export interface LoadOptions extends PretrainedOptions, ModelOptions, Partial<BitConfigFields> {
  /** Used instead of the source's config.json. Single fields can be given beside it or alone. */
  config?: BitConfig;
  /** Start parameters afresh whose shape differs, such as a head for other labels; default false. */
  ignoreMismatchedSizes?: boolean;
  /**
   * Start parameters afresh that the checkpoint lacks even where these are most of the trunk, as
   * transformers does, with a warning; default false: such a checkpoint is refused.
   */
  ignoreMissingKeys?: boolean;
  /** Seed of what the checkpoint lacks; default 0. */
  seed?: number;
}

export interface FromConfigOptions extends ModelOptions {
  /** Same seed, same weights; default 0. */
  seed?: number;
}

export interface ForwardOptions {
  /** Return the stem's and every stage's output; default the config's outputHiddenStates. */
  outputHiddenStates?: boolean;
  /** Rejects with its reason; a waiting call leaves the queue, a running one stops between layers. */
  signal?: AbortSignal;
  /** Calls of a higher priority start first, those of one in their order; default 0. */
  priority?: number;
}

export interface DisposeOptions {
  /** Stops the calls in flight, which reject with ERR_BIT_DISPOSED, rather than wait for them. */
  cancel?: boolean;
}

export const DISPOSE_CHECKS = { cancel: boolean };

/** How one class's network differs: the prefix of its trunk in files, and whether it has a head. */
export interface Kind {
  architecture: string;
  prefix: '' | 'bit.';
  hasHead: boolean;
}

/** A loaded network, made by a class's static methods. */
export interface Loaded {
  config: BitConfig;
  session: NativeSession;
}

/** StagedImages are what pipelines give to models on GPUs. */
export type Inputs = Tensor | TensorLike | StagedImages | { pixelValues: Tensor | TensorLike };

/** Shared by BitModel, BitForImageClassification and BitBackbone. */
export abstract class BitPreTrainedModel {
  protected readonly session: NativeSession;
  private current: BitConfig;
  private readonly kind: Kind;
  private readonly jobs = new JobGroup();
  private disposal: Promise<void> | undefined;
  /** What calls reject with that dispose({ cancel: true }) stopped. */
  private stopped: BitError | undefined;

  protected constructor(loaded: Loaded | undefined, kind: Kind) {
    if (!loaded?.session) {
      const ways = `${kind.architecture}.fromPretrained(source) or .fromConfig(config)`;
      throw new BitError('ERR_BIT_CONFIG', `Use ${ways}: weights are loaded asynchronously`);
    }
    this.current = loaded.config;
    this.session = loaded.session;
    this.kind = kind;
  }

  /** The numbers that it was made by; frozen but for a backbone's choice of maps. */
  get config(): BitConfig {
    return this.current;
  }

  /** Where the network runs: 'cpu', 'cuda:0', … or 'cuda:all'. */
  get device(): string {
    return this.session.device;
  }

  /** The type that it computes in; outputs are float32 whatever it is. */
  get dtype(): 'float32' | 'bfloat16' | 'float16' {
    return this.session.dtype;
  }

  /** Names that the checkpoint lacked, had too many of, or had in another shape. */
  get loadingInfo(): LoadingInfo {
    return this.session.loadingInfo;
  }

  /**
   * Writes config.json and model.safetensors, as transformers loads them; each file appears whole.
   * @throws BitError ERR_BIT_CHECKPOINT when it cannot be written, ERR_BIT_CONFIG for no path.
   */
  async savePretrained(directory: string): Promise<void> {
    checkDirectory(directory);
    await forCaller(async () => {
      // First, and at once: the weights stay until they are written, whoever disposes of the model.
      await this.session.save(join(directory, 'model.safetensors'));
      await this.config.savePretrained(directory, this.kind.architecture);
    });
  }

  /**
   * Runs once and says where the time went. On the CPU one image after the other, with a row for each
   * layer in the order in which they ran; on a GPU all images together, with one row, 'network': the
   * time on the GPU from its input there to its output there.
   * @throws as forward, and ERR_BIT_DEVICE for 'cuda:all'.
   */
  async profile(inputs: Inputs, options: ForwardOptions = {}): Promise<LayerTime[]> {
    const { signal, priority = 0 } = checkOptions<ForwardOptions>(options, FORWARD_CHECKS);
    const request: ForwardRequest = {
      pixelValues: toNative(pixelValuesOf(inputs)),
      pictures: [],
      labels: null,
      problemType: null,
      hiddenStates: false,
      featureMaps: [],
      head: true,
      profile: true,
      priority,
    };
    const run = () => runJob(() => this.session.forward(request), signal, this.jobs);
    const { layers = [] } = await forCaller(run);
    return layers;
  }

  /** Every parameter in float32 under transformers' names, in state-dict order. */
  async stateDict(): Promise<Map<string, Tensor<Float32Array>>> {
    const rows = await forCaller(() => this.session.stateDict());
    return new Map(rows.map(({ name, tensor }) => [name, toTensorObject(tensor)]));
  }

  /** How the calls have fared so far. @throws BitError ERR_BIT_DISPOSED. */
  stats(): ModelStats {
    return toModelStats(this.session.stats());
  }

  /**
   * A handle to post to worker threads of this process, where fromShared() opens the same weights
   * without loading them again. It keeps nothing in memory: let the model be until they have.
   * @throws BitError ERR_BIT_DISPOSED.
   */
  share(): SharedModel {
    return toShared(this.kind, { config: this.config, session: this.session });
  }

  /**
   * Waits for the calls in flight, or stops them, and frees the weights unless another model shares
   * them; later calls reject with ERR_BIT_DISPOSED. May be called again.
   */
  dispose(options: DisposeOptions = {}): Promise<void> {
    const { cancel = false } = checkOptions<DisposeOptions>(options, DISPOSE_CHECKS);
    this.disposal ??= this.free();
    if (cancel) {
      this.stopped ??= new BitError(
        'ERR_BIT_DISPOSED',
        'The model was disposed of during the call',
      );
      this.jobs.stop(this.stopped);
    }
    return this.disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** For fields that leave the network as it is. */
  protected changeConfig(changes: Partial<BitConfigFields>): void {
    this.current = this.current.with(changes);
  }

  /** Rejects, rather than throws, where the process is ending. */
  private async free(): Promise<void> {
    await this.session.dispose();
    // The last calls' answers may have come together with this, and go through more hands.
    await setImmediate();
  }

  /** One native run, as `inputs`, `options` and `rest` ask; `rest` may refuse what it is made of. */
  protected run(
    inputs: Inputs,
    options: ForwardOptions,
    rest: () => Pick<ForwardRequest, 'labels' | 'problemType' | 'featureMaps' | 'head'>,
  ): Promise<ForwardResult> {
    const model = this.kind.architecture;
    const isStopped = (error: unknown) => isAborted(options)() || error === this.stopped;
    return reporting({ model, operation: 'forward' }, isStopped, async () => {
      const { signal, priority = 0 } = checkOptions<ForwardOptions>(options, FORWARD_CHECKS);
      const { labels, problemType, featureMaps, head } = rest();
      const { pixelValues, pictures, shape } = nativeInput(inputs);
      const request: ForwardRequest = {
        pixelValues,
        pictures,
        labels,
        problemType,
        hiddenStates: this.wantsHiddenStates(options),
        featureMaps,
        head,
        profile: false,
        priority,
      };
      const span: ForwardSpan = { model, shape, priority };
      const arrived = (result: ForwardResult) => reported(span, result);
      const call = () => runJob(() => this.session.forward(request), signal, this.jobs, arrived);
      return await traceForward(span, call);
    });
  }

  protected wantsHiddenStates(options: ForwardOptions): boolean {
    return options?.outputHiddenStates ?? this.config.outputHiddenStates;
  }
}

/** Reads config and weights of `source` (a directory, a checkpoint file, a hub id). */
export async function loadPretrained(
  kind: Kind,
  source: string,
  options: LoadOptions,
): Promise<Loaded> {
  const loaded = await loadQuietly(kind, source, options);
  warnOfMissing(kind.architecture, source, loaded.session.loadingInfo);
  return loaded;
}

/** The same for those who show what is missing themselves. */
export async function loadQuietly(
  kind: Kind,
  source: string,
  options: LoadOptions,
): Promise<Loaded> {
  const event = { model: kind.architecture, operation: 'load' } as const;
  return reporting(event, isAborted(options), async () => {
    const given = checkOptions(options, LOAD_CHECKS);
    const model = checkModelOptions(given);
    const seed = checkSeed(given.seed);
    const base = given.config
      ? ownConfig(given.config)
      : await BitConfig.fromPretrained(source, only(given, PRETRAINED_CHECKS));
    const config = base.with(only(given, CONFIG_FIELDS));
    const { weights } = await resolveSource(source, given, 'model');
    return open(kind, source, config, {
      files: weights.files,
      ignoreMismatchedSizes: given.ignoreMismatchedSizes ?? false,
      ignoreMissingKeys: given.ignoreMissingKeys ?? false,
      seed,
      ...model,
    }).then((loaded) => unlessAborted(loaded, given.signal));
  });
}

/** Random weights in transformers' distributions. */
export async function loadRandom(
  kind: Kind,
  config: BitConfig,
  options: FromConfigOptions,
): Promise<Loaded> {
  const event = { model: kind.architecture, operation: 'load' } as const;
  return reporting(event, isAborted(null), async () => {
    if (!isBitConfig(config)) throw invalid('ERR_BIT_CONFIG', 'config', 'a BitConfig', config);
    const given = checkOptions(options, { ...MODEL_CHECKS, seed: anything });
    const model = checkModelOptions(given);
    return open(kind, null, ownConfig(config), {
      files: [],
      ignoreMismatchedSizes: false,
      ignoreMissingKeys: false,
      seed: checkSeed(given.seed),
      ...model,
    });
  });
}

async function open(
  kind: Kind,
  source: string | null,
  config: BitConfig,
  options: Omit<LoadRequest, 'spec' | 'prefix' | 'description'>,
): Promise<Loaded> {
  const { architecture: model, hasHead, prefix } = kind;
  const spec = networkSpec(config, hasHead ? config.numLabels : null);
  const description = describeModel(kind, config);
  const start = performance.now();
  const load = () => loadBinding().load({ spec, prefix, description, ...options });
  const session = await traceLoad({ model, source }, async () => load());
  const { device, dtype } = session;
  reportLoad({ model, source, device, dtype, milliseconds: performance.now() - start });
  return { config, session };
}

/** What is loaded natively does not stop on the way. */
function unlessAborted(loaded: Loaded, signal: AbortSignal | undefined): Loaded {
  if (signal?.aborted) void loaded.session.dispose();
  throwIfAborted(signal);
  return loaded;
}

/** Whether the caller's signal has aborted, to be asked when the work has failed. */
const isAborted = (options: { signal?: AbortSignal } | null | undefined) => () =>
  options?.signal?.aborted === true;

/** Publishes what `work` rejects with, and shows its caller there, unless that has stopped it. */
async function reporting<T>(
  event: Pick<ErrorEvent, 'model' | 'operation'>,
  isStopped: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  const caller = new Caller(reporting);
  try {
    return await work();
  } catch (error) {
    if (!isStopped(error)) reportError({ ...event, error: caller.shownIn(error) });
    throw error;
  }
}

/** Tells of the batch that a call ran in, once for each, and fills in the call's span. */
function reported(span: ForwardSpan, result: ForwardResult): void {
  const { queuedMs, computedMs, batchCalls: calls, batchImages, first } = result.times;
  Object.assign(span, { queuedMs, computedMs, batchImages });
  if (first) reportBatch({ model: span.model, calls, images: batchImages, queuedMs, computedMs });
  if (result.warnings) warnOfDevices(result.warnings);
}

/** Seed and fields of the config are checked where they are used. */
export const LOAD_CHECKS = {
  ...PRETRAINED_CHECKS,
  ...MODEL_CHECKS,
  ...CONFIG_FIELDS,
  seed: anything,
  ignoreMismatchedSizes: boolean,
  ignoreMissingKeys: boolean,
  config: { expected: 'a BitConfig', test: isBitConfig },
};

/** Of forward({ pixelValues, … }). */
const INPUTS = { pixelValues: anything, labels: anything };
/** The signal is checked where it is used. */
const FORWARD_CHECKS = { outputHiddenStates: boolean, signal: anything, priority: callPriority };

function checkSeed(seed = 0): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw invalid('ERR_BIT_CONFIG', 'seed', `an integer from 0 to ${MAX_SEED}`, seed);
}

/** A call's images as the addon takes them, and their shape, [N, C, H, W]. */
function nativeInput(inputs: Inputs) {
  if (inputs instanceof StagedImages) {
    const { pictures } = inputs;
    const shape = [pictures.length, ...(pictures[0]?.shape.slice(1) ?? [])];
    return { pixelValues: null, pictures, shape };
  }
  const pixelValues = toNative(pixelValuesOf(inputs));
  return { pixelValues, pictures: [], shape: pixelValues.shape };
}

/** The tensor of `forward(tensor)` or `forward({ pixelValues })`. */
function pixelValuesOf(inputs: Inputs): Tensor {
  const value = inputs as { pixelValues?: unknown } | null;
  if (typeof value === 'object' && value !== null && 'pixelValues' in value) {
    refuseUnknown('field', value, INPUTS);
    return toTensor(value.pixelValues, 'pixelValues');
  }
  return toTensor(inputs, 'pixelValues');
}

export function toNative({ dtype, shape, data }: Tensor): NativeTensor {
  return { dtype, shape: [...shape], data: unshared(data) };
}
