// What a model costs and what its files hold, without running it.
import { loadBinding } from '../binding/load';
import type { LoadingInfo, StageRow } from '../binding/types';
import { networkSpec } from '../config/network_spec';
import type { PretrainedOptions } from '../hub/options';
import { resolveSource } from '../hub/resolve';
import { BitConfig } from './bit_config';
import { BitForImageClassification } from './bit_for_image_classification';
import { BitImageProcessor } from './bit_image_processor';

export interface InspectOptions extends PretrainedOptions {
  /** Height and width of the input that costs are counted for; default the processor's crop. */
  size?: number;
}

export interface Inspection {
  config: BitConfig;
  inputSize: { height: number; width: number };
  /** Stem, stages, and the rest; multiply-adds are for one image. */
  stages: StageRow[];
  parameters: number;
  multiplyAdds: number;
  files: string[];
  /** What loads into BitForImageClassification and what does not. */
  loadingInfo: LoadingInfo;
}

/** Input size of the pre-trained family, where a source has no processor. */
const FALLBACK_SIZE = 224;

/**
 * Describes the model at `source`.
 * @throws BitError as fromPretrained does.
 */
export async function inspectModel(
  source: string,
  options: InspectOptions = {},
): Promise<Inspection> {
  const config = await BitConfig.fromPretrained(source, options);
  const { weights } = await resolveSource(source, options, 'model');
  const model = await BitForImageClassification.fromPretrained(source, {
    ...options,
    ignoreMismatchedSizes: true,
  });
  const { loadingInfo } = model;
  await model.dispose();
  const inputSize = await sizeOf(source, options);
  const spec = networkSpec(config, config.numLabels);
  const stages = loadBinding().stages(spec, inputSize.height, inputSize.width);
  const total = (key: 'parameters' | 'multiplyAdds') =>
    stages.reduce((sum, row) => sum + row[key], 0);
  return {
    config,
    inputSize,
    stages,
    parameters: total('parameters'),
    multiplyAdds: total('multiplyAdds'),
    files: weights.files,
    loadingInfo,
  };
}

async function sizeOf(source: string, options: InspectOptions): Promise<Inspection['inputSize']> {
  if (options.size !== undefined) return { height: options.size, width: options.size };
  try {
    const { doCenterCrop, cropSize } = await BitImageProcessor.fromPretrained(source, options);
    if (doCenterCrop) return { height: cropSize.height, width: cropSize.width };
  } catch {
    // No processor beside the model: its cost can be told all the same.
  }
  return { height: FALLBACK_SIZE, width: FALLBACK_SIZE };
}
