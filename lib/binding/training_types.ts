// The native surface of training: the mirror of native/binding's training, peer, head and lock functions.
import type { ForwardRequest, LoadingInfo, LoadRequest, NativeJob, NativeTensor } from './types';

/** What a run of training starts from; files and the like as in LoadRequest. */
export interface TrainerRequest extends Pick<
  LoadRequest,
  | 'spec'
  | 'prefix'
  | 'files'
  | 'ignoreMismatchedSizes'
  | 'ignoreMissingKeys'
  | 'seed'
  | 'threads'
  | 'device'
  | 'allowTf32'
> {
  /** Of saveOptimizer(), to go on from there; '' to begin. */
  optimizerFile: string;
  /** Whether the head starts at zero, whatever the files have. */
  zeroHead: boolean;
  /** What activations are computed in, 'auto' in the fastest of the device; parameters are float32. */
  dtype: 'auto' | 'float32' | 'bfloat16';
  /** Whether blocks keep their inputs alone for the way back, and are run once more there. */
  gradientCheckpointing: boolean;
  problemType: NonNullable<ForwardRequest['problemType']>;
  momentum: number;
  weightDecay: number;
}

/** A micro-batch, or the part of it that one of several processes learns from. */
export interface MicroBatch {
  /** [N, C, H, W]. */
  pixelValues: NativeTensor;
  /** As forward() takes them. */
  labels: NativeTensor;
  /**
   * MixUp: which image is mixed into each of the first ones, as many as there are `partners`; those behind are not learnt
   * from. `lambda` is an image's own share.
   */
  mixing: { lambda: number; partners: number[] } | null;
  /** Of its mean loss in the step's. */
  weight: number;
  /** Of what blocks are left out (dropPathRate) of the whole micro-batch, 53 bits. */
  dropSeed: number;
  /** The place of the first image in the whole micro-batch. */
  first: number;
  /** Images that are learnt from of the whole micro-batch. */
  of: number;
}

/** Parameters that learn, with what the optimiser remembers; its jobs run one after the other. */
export interface NativeTrainer {
  readonly loadingInfo: LoadingInfo;
  /** Where it learns, 'cpu' or 'cuda:N'. */
  readonly device: string;
  /** What activations are computed in. */
  readonly dtype: string;
  /** Adds the gradients; its mean loss. */
  accumulate(batch: MicroBatch): NativeJob<number>;
  /** Adds up what all peers have added up: all of them call it. */
  sum(peers: NativePeers): Promise<void>;
  /** Parameters, and what the optimiser remembers, from peer 0: all of them call it. */
  takeFromFirst(peers: NativePeers): Promise<void>;
  /** One step along what was added up, which is zero afterwards. */
  step(learningRate: number): Promise<void>;
  /** Makes it zero without a step. */
  forget(): Promise<void>;
  /** Writes model.safetensors, as NativeSession.save() does. */
  save(path: string): Promise<void>;
  /** Writes what the optimiser remembers, by the names of the parameters. */
  saveOptimizer(path: string): Promise<void>;
  /** Frees it once its jobs have ended; the other functions throw from then on. */
  dispose(): void;
}

/** What a process is among those that train together. */
export interface PeerRequest {
  rank: number;
  size: number;
  /** The GPU that gradients are summed up on, by NCCL; -1 for a CPU, by Gloo. */
  device: number;
  /** Of this machine, the one that the others reach it by; '' where `interface` says it. */
  host: string;
  /** Name of a network interface, or ''. */
  interface: string;
  /** How long a call waits for others. */
  timeoutSeconds: number;
}

/** A value in the key-value store of torchrun's agent, at its MASTER_ADDR and MASTER_PORT. */
export interface AgentStoreRequest {
  host: string;
  port: number;
  key: string;
  timeoutMs: number;
}

/** Connections with the other processes, for NativeTrainer. */
export interface NativePeers {
  /** Where the others reach this one: bytes that mean nothing to anybody else. */
  readonly address: Uint8Array;
  /** Before all else: those of all, by rank. */
  connect(addresses: Uint8Array[]): Promise<void>;
  /** Closes them once its jobs have ended. */
  dispose(): void;
}

/** What a head is fitted to. */
export interface HeadFitterRequest {
  problemType: NonNullable<ForwardRequest['problemType']>;
  /** Of a row of features. */
  width: number;
  /** Classes, labels or values. */
  outputs: number;
  /** int64 [N] classes, else float32 [N, outputs]. */
  targets: NativeTensor;
  /** The fold that each example is left out with; -1: none. */
  folds: number[];
  threads: number;
}

export interface HeadFitRequest {
  /** Left out; null: none. */
  fold: number | null;
  /** Times half the squared weights of standardised features, beside the mean loss. */
  strength: number;
  /** How far from its least the value may be that is minimised step by step. */
  gap: number;
}

/** What a fit without a fold says of that fold. */
export interface FoldScore {
  examples: number;
  /** As the losses of a model's forward(). */
  meanLoss: number;
  /** Examples whose class had the best score; 0 where there are no classes. */
  hits: number;
}

/** Of features as they are. */
export interface LinearHead {
  /** float32 [outputs, width]. */
  weight: NativeTensor;
  /** float32 [outputs]. */
  bias: NativeTensor;
}

export interface FittedHead extends LinearHead {
  /** Of what it was fitted to. */
  meanLoss: number;
  iterations: number;
}

/** Features of all examples, and heads that are fitted to them; its jobs run one after the other. */
export interface NativeHeadFitter {
  /** Rows float32 [n, width] of the examples from `first` on; once each, before the first fit. */
  put(first: number, rows: NativeTensor): Promise<void>;
  score(request: HeadFitRequest): NativeJob<FoldScore>;
  fit(request: HeadFitRequest): NativeJob<FittedHead>;
  /** Frees it once its jobs have ended; the other functions throw from then on. */
  dispose(): void;
}

/** Weights of a network with another head; files and the like as in LoadRequest. */
export interface SaveWithHeadRequest
  extends
    LinearHead,
    Pick<
      LoadRequest,
      'spec' | 'prefix' | 'files' | 'ignoreMismatchedSizes' | 'ignoreMissingKeys' | 'seed'
    > {
  /** Of model.safetensors. */
  path: string;
}

/** That of a file, held until the process ends at the latest. */
export interface NativeLock {
  dispose(): void;
}

/** What the addon exports beside NativeBinding. */
export interface TrainingBinding {
  /** Null where somebody holds it already. Throws BitError ERR_BIT_CHECKPOINT where it cannot be opened. */
  lockFile(path: string): NativeLock | null;
  loadTrainer(request: TrainerRequest): Promise<NativeTrainer>;
  /** Throws BitError ERR_BIT_LIBTORCH where the library for several processes does not load; `device` as in PeerRequest. */
  checkPeers(device: number): void;
  /** Throws that too, and ERR_BIT_TRAINING for a host that is none of this machine's. */
  openPeers(request: PeerRequest): NativePeers;
  putInAgentStore(request: AgentStoreRequest, value: string): Promise<void>;
  /** Waits until somebody has put it there. */
  takeFromAgentStore(request: AgentStoreRequest): NativeJob<string>;
  openHeadFitter(request: HeadFitterRequest): NativeHeadFitter;
  /** float32 [n, outputs] of features float32 [n, width]. */
  headOutputs(request: LinearHead & { features: NativeTensor }): Promise<NativeTensor>;
  /** Writes model.safetensors, complete or not at all. */
  saveWithHead(request: SaveWithHeadRequest): Promise<void>;
}
