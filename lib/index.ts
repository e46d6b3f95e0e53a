// The public surface.
export { BitError, type BitErrorCode } from './errors';
export { Tensor, type DType, type TensorLike, type NestedNumbers } from './tensor';
export { BitConfig } from './models/bit_config';
export type { BitConfigFields } from './config/bit_config';
export { BitImageProcessor, type PreprocessOptions } from './models/bit_image_processor';
export type { BitImageProcessorFields } from './config/image_processor';
export type { ImageInput } from './image/input';
export { BitModel } from './models/bit_model';
export {
  BitForImageClassification,
  type ClassifierInputs,
} from './models/bit_for_image_classification';
export { BitBackbone } from './models/bit_backbone';
export type {
  DisposeOptions,
  ForwardOptions,
  FromConfigOptions,
  Inputs,
  LoadOptions,
} from './models/pretrained_model';
export type { BackboneOutput, BitModelOutput, ImageClassifierOutput } from './models/outputs';
export type { SharedModel } from './models/share';
export type { LatencyBucket, ModelStats } from './models/stats';
export type { BatchingOptions } from './config/batching';
export type { BatchEvent, ErrorEvent, ForwardSpan, LoadEvent, LoadSpan } from './diagnostics';
export type { ComputeDType, Device, ModelOptions } from './models/options';
export type { Labels } from './models/labels';
export type { LayerTime, LoadingInfo, StageRow } from './binding/types';
export { inspectModel, type Inspection, type InspectOptions } from './models/inspect';
export type { PretrainedOptions } from './hub/options';
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
export type { Settled } from './pipelines/settled';
export { systemInfo, type SystemInfo } from './system_info';
export { version } from './version';
export * as libtorch from './libtorch';
