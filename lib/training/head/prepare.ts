// From what a caller gives to all that the fit of a head needs to know.
import { DEFAULT_MODEL } from '../../config/defaults';
import { only } from '../../config/options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../../config/pretrained_options';
import { BitConfig } from '../../models/bit_config';
import { BitImageProcessor } from '../../models/bit_image_processor';
import type { Dataset } from '../data/dataset';
import type { HeadOptions } from '../options';
import { processorFor, readData, sideOf, weightsOf, type Preparation } from '../prepare';

/** The numbers of a fit: two that agree on them and on their data end with the same head. */
export interface HeadSettings {
  headOnly: true;
  crop: number;
  /** Null where a cross-validation chooses it. */
  strength: number | null;
  seed: number;
}

export interface HeadPreparation extends Omit<Preparation, 'settings' | 'schedule'> {
  /** What features are computed by, and how it is loaded. */
  model: string;
  ofSource: PretrainedOptions;
  settings: HeadSettings;
}

/** @throws BitError ERR_BIT_CONFIG for data that cannot be learnt from, and what reading model and data rejects with. */
export async function prepareHead(
  source: string | null | undefined,
  data: string | Dataset,
  options: HeadOptions,
): Promise<HeadPreparation> {
  const model = source ?? DEFAULT_MODEL;
  const ofSource: PretrainedOptions = only(options, PRETRAINED_CHECKS);
  const base = await BitConfig.fromPretrained(model, ofSource);
  const given = await BitImageProcessor.fromPretrained(model, ofSource);
  const start = await weightsOf(model, ofSource);
  const read = await readData(data, options);
  const { labels, problemType } = read.train;
  const { crop = sideOf(given), strength = null, seed = 0 } = options;
  const id2label = Object.fromEntries(labels.map((label, index) => [index, label]));
  return {
    ...read,
    model,
    ofSource,
    config: base.with({ id2label, problemType }),
    processor: processorFor(given, crop),
    ...start,
    settings: { headOnly: true, crop, strength, seed },
  };
}
