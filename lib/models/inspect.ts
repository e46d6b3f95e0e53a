// What a model costs and what its files hold, without running it.
import { loadBinding } from '../binding/load';
import type { LoadingInfo, StageRow } from '../binding/types';
import type { Check } from '../config/checks';
import { networkSpec } from '../config/network_spec';
import { checkOptions, only } from '../config/options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../config/pretrained_options';
import { resolveSource } from '../hub/resolve';
import type { BitConfig } from './bit_config';
import { KIND as CLASSIFIER } from './bit_for_image_classification';
import { BitImageProcessor } from './bit_image_processor';
import { loadQuietly } from './load';

/**
 * Of {@link inspectModel}.
 * @category Watching
 */
export interface InspectOptions extends PretrainedOptions {
  /** Height and width of the input that costs are counted for; default the processor's crop. */
  size?: number;
}

/**
 * A model's numbers, what it costs, and what its files hold.
 * @category Watching
 */
export interface Inspection {
  /** As config.json has it. */
  config: BitConfig;
  /** What the costs are counted for, in pixels. */
  inputSize: {
    /** Rows. */
    height: number;
    /** Columns. */
    width: number;
  };
  /** Stem, stages, and the rest; multiply-adds are for one image. */
  stages: StageRow[];
  /** Of the whole network. */
  parameters: number;
  /** Of the whole network, for one image. */
  multiplyAdds: number;
  /** Full paths of the checkpoint's files. */
  files: string[];
  /** What loads into BitForImageClassification and what does not. */
  loadingInfo: LoadingInfo;
}

/** Input size of the pre-trained family, where a source has no processor. */
const FALLBACK_SIZE = 224;
/** Of a side, that of the largest square image that is read; counts of larger ones would overflow. */
const MAX_SIZE = 0x3fff;

const size: Check = {
  expected: `an integer from 1 to ${MAX_SIZE}`,
  test: (value) =>
    Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_SIZE,
};

/**
 * Describes the model at `source`.
 * @throws BitError as fromPretrained does.
 * @category Watching
 */
export async function inspectModel(
  source: string,
  options: InspectOptions = {},
): Promise<Inspection> {
  const given = checkOptions(options, { ...PRETRAINED_CHECKS, size });
  const { weights } = await resolveSource(source, given, 'model');
  const loading = { ...only(given, PRETRAINED_CHECKS), ignoreMismatchedSizes: true };
  const { config, session } = await loadQuietly(CLASSIFIER, source, loading);
  const { loadingInfo } = session;
  await session.dispose();
  const inputSize = await sizeOf(source, given);
  const spec = networkSpec(config, config.numLabels);
  const stages = loadBinding().costByStage(spec, inputSize.height, inputSize.width);
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
    const { doCenterCrop, cropSize } = await BitImageProcessor.fromPretrained(
      source,
      only(options, PRETRAINED_CHECKS),
    );
    if (doCenterCrop) return { height: cropSize.height, width: cropSize.width };
  } catch {
    // No processor beside the model: its cost can be told all the same.
  }
  return { height: FALLBACK_SIZE, width: FALLBACK_SIZE };
}
