// The whole native surface, typed: the mirror of native/binding.

/** Element types that cross the boundary; float16 and bfloat16 travel as raw bits. */
export type NativeDType = 'float32' | 'float16' | 'bfloat16' | 'uint8' | 'int64';

/**
 * What a network computes in.
 * @category Models
 */
export type NetworkDType = 'float32' | 'bfloat16' | 'float16';

/**
 * What holds a tensor's values; float16 and bfloat16 are the bits in a Uint16Array.
 * @category Tensors
 */
export type TypedArray = Float32Array | Uint16Array | Uint8Array | BigInt64Array;

/** A dense row-major array: `data.length` is the product of `shape`. */
export interface NativeTensor {
  dtype: NativeDType;
  shape: number[];
  data: TypedArray;
}

/** The numbers that define a network (native/model/spec.h); `numLabels` null means no head. */
export interface NetworkSpec {
  numChannels: number;
  embeddingSize: number;
  hiddenSizes: number[];
  depths: number[];
  layerType: 'preactivation' | 'bottleneck';
  hiddenAct: string;
  globalPadding: 'SAME' | 'VALID' | null;
  numGroups: number;
  dropPathRate: number;
  embeddingDynamicPadding: boolean;
  outputStride: number;
  widthFactor: number;
  numLabels: number | null;
}

/**
 * Names of a checkpoint's tensors that did not go where they belong, as transformers lists them.
 * @category Models
 */
export interface LoadingInfo {
  /** The model has them and the checkpoint does not: they start at random. */
  missingKeys: string[];
  /** The checkpoint has them and the model does not: they are left. */
  unexpectedKeys: string[];
  /** Both have them in other shapes: they start at random (with ignoreMismatchedSizes). */
  mismatchedKeys: {
    /** In the state dict. */
    name: string;
    /** Sizes in the file. */
    checkpointShape: number[];
    /** Sizes in the model. */
    modelShape: number[];
  }[];
}

/** How calls are gathered; see BatchingOptions. */
export interface BatchLimits {
  maxBatch: number;
  maxDelayMs: number;
  /** 0: any number. */
  maxQueue: number;
}

export interface LoadRequest {
  spec: NetworkSpec;
  /** Prefix of the trunk in this class's own files: 'bit.' for the classifier and backbone, '' for BitModel. */
  prefix: string;
  /** Checkpoint files; empty: random weights from `seed`. */
  files: string[];
  ignoreMismatchedSizes: boolean;
  /** Whether most of the trunk may be missing. */
  ignoreMissingKeys: boolean;
  seed: number;
  device: string;
  dtype: 'auto' | NetworkDType;
  /** Whether float32 convolutions on a GPU may round to TF32. */
  allowTf32: boolean;
  /** Compute threads of one call; 0: all that the runtime has. */
  threads: number;
  batching: BatchLimits;
  /** Comes back from the sessions that openShared() opens. */
  description: string;
}

/** Which outputs a call is to give; logits only where the network has a head. */
export interface Wanted {
  lastHiddenState: boolean;
  poolerOutput: boolean;
  logits: boolean;
  hiddenStates: boolean;
  /** Indices into [stem, stage1, ...] whose maps come back; empty for none. */
  featureMaps: number[];
}

export interface ForwardRequest {
  /** Null where there are pictures. */
  pixelValues: NativeTensor | null;
  /** Of stagePicture(), used up; on GPUs alone, and empty where there are pixel values. */
  pictures: StagedPicture[];
  labels: NativeTensor | null;
  problemType: 'regression' | 'single_label_classification' | 'multi_label_classification' | null;
  wanted: Wanted;
  /** Whether the layers are timed, of one image after the other. */
  profile: boolean;
  /** Calls of a higher one start first. */
  priority: number;
}

/** What was not asked for is left out, as are empty lists: every property costs time. */
export interface ForwardResult {
  lastHiddenState?: NativeTensor;
  poolerOutput?: NativeTensor;
  logits?: NativeTensor;
  loss?: NativeTensor;
  hiddenStates?: NativeTensor[];
  featureMaps?: NativeTensor[];
  layers?: LayerTime[];
  /** GPUs that have failed, each named once. */
  warnings?: string[];
  times: CallTimes;
}

/** How a call fared in the queue; `computedMs` is its whole batch's, whose first call has `first`. */
export interface CallTimes {
  queuedMs: number;
  computedMs: number;
  batchCalls: number;
  batchImages: number;
  first: boolean;
}

/** Counts since the weights were loaded. */
export interface NativeStats {
  waiting: number;
  running: number;
  completed: number;
  failed: number;
  cancelled: number;
  rejected: number;
  bytes: number;
  batches: { images: number; count: number }[];
  latency: { upToMs: number; count: number }[];
  latencyTotalMs: number;
}

/**
 * One layer's share of a run; with the fused plan a convolution's has its norm and addition in it.
 * @category Watching
 */
export interface LayerTime {
  /** The convolution's or norm's name in the state dict, or what it does; on GPUs 'network' for all. */
  name: string;
  /** How long it took. */
  milliseconds: number;
  /** Of convolutions; 0 for the others. */
  multiplyAdds: number;
}

/** A cancellable native job: `cancel` is safe at any time, more than once, and after the end. */
export interface NativeJob<T> {
  promise: Promise<T>;
  /** By which its cancel() finds it. */
  number?: number;
  cancel(): void;
}

export interface NativeSession {
  readonly device: string;
  readonly dtype: NetworkDType;
  /** That of the LoadRequest. */
  readonly description: string;
  readonly loadingInfo: LoadingInfo;
  /** Throws ERR_BIT_OVERLOADED when the queue is full. */
  forward(request: ForwardRequest): NativeJob<ForwardResult>;
  /** A token for openShared, as long as some session holds these weights. */
  share(): string;
  stats(): NativeStats;
  /** Parameters under this class's own names, in the network's order, as float32. */
  stateDict(): Promise<{ name: string; tensor: NativeTensor }[]>;
  /** Rows [rows, …] of one parameter, as float32. */
  parameterRows(name: string, rows: number[]): Promise<NativeTensor>;
  /** Writes model.safetensors atomically with `format: pt` metadata. */
  save(path: string): Promise<void>;
  /** Resolves when what is in flight has ended and the weights are freed; may be called again. */
  dispose(): Promise<void>;
}

/** Files that the addon decodes itself. */
export type Encoding = 'jpeg' | 'png';

/** One picture, and the size that the resize step gives it. */
export interface Picture {
  /** Interleaved uint8 rows, `height * width * channels` of them; or a whole file. */
  data: Uint8Array;
  /** Of a file; null for rows. */
  encoding: Encoding | null;
  /** What a JPEG's sides are divided by as it is decoded: 1, 2, 4 or 8; 1 for all others. */
  shrink: number;
  height: number;
  width: number;
  channels: number;
  /** Size after the resize step; equal to height and width where there is none. */
  resizedHeight: number;
  resizedWidth: number;
}

export type Resample = 'nearest' | 'lanczos' | 'bilinear' | 'bicubic' | 'box' | 'hamming';

/** What becomes of a picture, whatever its size. */
export interface PreprocessSteps {
  resample: Resample;
  /** Grey is repeated, alpha dropped, so that three channels come out. */
  convertRgb: boolean;
  crop: { height: number; width: number } | null;
  rescaleFactor: number | null;
  /** As many values as channels, or null for no normalisation. */
  imageMean: number[] | null;
  imageStd: number[] | null;
}

export interface PreprocessRequest {
  picture: Picture;
  steps: PreprocessSteps;
  /** Whether a GPU that resizes a JPEG decodes it too, where it can. */
  gpuDecode: boolean;
  /** Jobs of a higher one start first. */
  priority: number;
}

/** Pixel values of one image or several, still on the native side. */
export interface NativePixels {
  dtype: 'float32' | 'uint8';
  /** [N, C, H, W]. */
  shape: number[];
  /**
   * Moves them into an array of just so many values; only once. `isFirst`: nothing has been written
   * to the array's buffer yet.
   */
  writeTo(target: Float32Array | Uint8Array, isFirst: boolean): void;
}

/** One image decoded for a GPU, on the native side until a call uses it up. */
export interface StagedPicture {
  /** [1, C, H, W] of what it becomes. */
  shape: number[];
}

export interface PrepareRequest {
  /** That come out equally large; they are used up. */
  pictures: StagedPicture[];
  device: string;
  priority: number;
}

/**
 * One line of `bigtransfer inspect`: a stage with its cost for one image of the given size.
 * @category Watching
 */
export interface StageRow {
  /** 'stem', 'stage1', … */
  name: string;
  /** [C, h, w] of what it gives for one image; [numLabels] of the head. */
  outputShape: number[];
  /** How many numbers it has learnt. */
  parameters: number;
  /** For one image. */
  multiplyAdds: number;
}

export interface NativeCudaDevice {
  name: string;
  /** Compute capability, as '9.0'. */
  capability: string;
  /** Bytes. */
  totalMemory: number;
  freeMemory: number;
  /** Why a model that was to run here does not; empty where none failed. */
  problem: string;
}

export interface NativeInfo {
  /** Version of the libtorch that is loaded. */
  libtorch: string;
  /** ATen's CPU capability: 'DEFAULT', 'AVX2', 'AVX512', ... */
  cpuCapability: string;
  /** Whether the CPU multiplies bfloat16 in hardware. */
  bf16: boolean;
  /** What dtype 'auto' is for the pre-trained family on the device that 'auto' is. */
  autoDtype: NetworkDType;
  /** Versions of the addon's own decoders; empty where it has none. */
  jpeg: string;
  png: string;
  /** Compute threads that the runtime may use at once, over all models and calls. */
  threads: number;
  /** Empty where CUDA is off. */
  cudaDevices: NativeCudaDevice[];
  /** Whether the CUDA library could be opened. */
  cudaLibrary: boolean;
  /** Why CUDA is off and what to do; empty where it works. */
  whyNoCuda: string;
}

/** What the addon exports. Every method that returns a promise runs off the event loop and libuv's pool. */
export interface NativeBinding {
  info(): NativeInfo;
  /** Cancels this environment's jobs and waits until they have stopped: for the end of the process. */
  close(): void;
  load(request: LoadRequest): Promise<NativeSession>;
  /** Another session on the same weights, in any thread of the process. */
  openShared(token: string): NativeSession;
  /** Null for a file that the addon's decoder leaves to sharp. */
  preprocess(request: PreprocessRequest): NativeJob<NativePixels | null>;
  /** Throws BitError ERR_BIT_DEVICE unless such a device of CUDA's is there. */
  checkDevice(device: string): void;
  /** Decodes for a GPU, and pins the memory where there is one; null as in preprocess. The request scales. */
  stagePicture(request: PreprocessRequest): NativeJob<StagedPicture | null>;
  /** [N, C, H, W] of pictures, by way of a GPU. */
  preparePictures(request: PrepareRequest): NativeJob<NativePixels>;
  /** What each stage of a network costs, for images of this size. */
  costByStage(spec: NetworkSpec, height: number, width: number): StageRow[];
}
