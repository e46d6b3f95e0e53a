// The public surface.
export { BitError, type BitErrorCode } from './errors';
export { Tensor, type DType, type TensorLike, type NestedNumbers } from './tensor';
export { BitConfig } from './models/bit_config';
export type { BitConfigFields } from './config/bit_config_fields';
export { BitImageProcessor } from './models/bit_image_processor';
export type { PreprocessOptions } from './config/preprocess_options';
export type { BitImageProcessorFields, ResampleCode } from './config/image_processor';
export type { HeightWidth, ImageSize } from './config/image_size';
export type { ImageInput, RawPixels } from './image/input';
export { BitModel } from './models/bit_model';
export {
  BitForImageClassification,
  type ClassifierInputs,
} from './models/bit_for_image_classification';
export { BitBackbone } from './models/bit_backbone';
export type { Inputs } from './models/inputs';
export type { LoadOptions } from './models/load_options';
export type { DisposeOptions, ForwardOptions } from './config/call_options';
export type { BackboneOutput, BitModelOutput, ImageClassifierOutput } from './models/outputs';
export type { SharedModel } from './models/share';
export type { LatencyBucket, ModelStats } from './models/stats';
export type { BatchingOptions } from './config/batching';
export type { BatchEvent, ErrorEvent, ForwardSpan, LoadEvent, LoadSpan } from './diagnostics';
export {
  COMPUTE_DTYPES,
  isDevice,
  type ComputeDType,
  type Device,
  type FromConfigOptions,
  type ModelOptions,
} from './config/model_options';
export {
  DEFAULT_BATCH_SIZE,
  DEFAULT_DEVICE,
  DEFAULT_DTYPE,
  DEFAULT_MODEL,
  DEFAULT_TIMEOUT_MS,
  DEFAULT_TOP_K,
} from './config/defaults';
export type { Labels } from './models/labels';
export type { LayerTime, LoadingInfo, NetworkDType, StageRow, TypedArray } from './binding/types';
export { hubCacheDir } from './hub';
export { inspectModel, type Inspection, type InspectOptions } from './models/inspect';
export type { DownloadProgress, PretrainedOptions } from './config/pretrained_options';
export {
  pipeline,
  type ImageClassificationPipeline,
  type ImageFeatureExtractionPipeline,
  type Task,
} from './pipelines/pipeline';
export type {
  ClassificationOptions,
  FeatureExtractionOptions,
  PipelineOptions,
} from './pipelines/options';
export type { Classification, FunctionToApply } from './pipelines/scores';
export { classActivationMap } from './explain/class_activation_map';
export type { ClassActivation } from './explain/class_activation';
export type { ClassActivationOptions, OverlayOptions, Target } from './explain/options';
export type { ExplainedClass } from './explain/targets';
export type { Many } from './pipelines/parts';
export type { Settled } from './pipelines/settled';
export { fineTune, type FineTuning } from './training/fine_tune';
export type { FineTuneOptions, HeadOptions, TrainingData } from './training/options';
export type { DistributedOptions } from './training/peers/place';
export type { TrainingDevice } from './training/device';
export type { Preset } from './training/presets';
export type { FineTuneResult, TrainingStep } from './training/run';
export type { HeadResult, HeadStep } from './training/head/run';
export type { FeatureStep } from './training/head/features';
export type { StrengthScore } from './training/head/strengths';
export { evaluate, type EvaluateOptions, type Evaluated } from './training/evaluate';
export type { EvaluationResult } from './training/evaluation/evaluation';
export type { SingleLabelMistake, SingleLabelResult } from './training/evaluation/single_label';
export type {
  LabelMeasures,
  MultiLabelMistake,
  MultiLabelResult,
} from './training/evaluation/multi_label';
export type {
  RegressionMistake,
  RegressionResult,
  ValueMeasures,
} from './training/evaluation/regression';
export type { ClassMeasures, ConfusedPair, ConfusionCounts } from './training/evaluation/confusion';
export type { CalibrationBin, CalibrationResult } from './training/evaluation/calibration';
export type { Interval } from './training/evaluation/interval';
export type { ClassCount } from './training/data/balance';
export type { Dataset, DatasetProblem, Example, ProblemType } from './training/data/dataset';
export { batch } from './batch/batch';
export { DEFAULT_PART_SIZE, DEFAULT_RETRIES, type BatchJobOptions } from './batch/options';
export type { BatchInputs, NamedImage } from './batch/inputs/inputs';
export type { ListSource } from './batch/inputs/list';
export { listImages, type ImageListing, type ListedImage } from './batch/inputs/list_images';
export type { BatchProgress } from './batch/progress';
export type { BatchRow, RowError } from './batch/row';
export type { FormatName } from './batch/outputs/formats';
export type { Manifest } from './batch/job/manifest';
export { cancelBatch, type CancelOptions } from './batch/queue/cancel';
export { enqueueBatch, type EnqueueOptions } from './batch/queue/enqueue';
export type { PartFailure } from './batch/queue/part_queue';
export type { BatchWorker } from './batch/queue/registry';
export { runWorker, type BatchWorkerEvent, type BatchWorkerOptions } from './batch/queue/worker';
export {
  batchStatus,
  type BatchJobStatus,
  type BatchStatus,
  type BatchStatusOptions,
} from './batch/status/status';
export { systemInfo, type SystemInfo } from './system_info';
export { version } from './version';
export * as libtorch from './libtorch';
