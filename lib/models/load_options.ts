// Options of fromPretrained() of the three model classes.
import { CONFIG_FIELDS, type BitConfigFields } from '../config/bit_config_fields';
import { anything, boolean } from '../config/checks';
import { MODEL_CHECKS, type ModelOptions } from '../config/model_options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../config/pretrained_options';
import type { BitConfig } from './bit_config';
import { isBitConfig } from './own_config';

/**
 * Of fromPretrained() of models: where from, how it runs, and fields of the config that replace what its file says.
 * @category Models
 */
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

/** What a checkpoint may lack or have in other shapes. */
export const LENIENCE_CHECKS = { ignoreMismatchedSizes: boolean, ignoreMissingKeys: boolean };

/** Seed and fields of the config are checked where they are used. */
export const LOAD_CHECKS = {
  ...PRETRAINED_CHECKS,
  ...MODEL_CHECKS,
  ...CONFIG_FIELDS,
  seed: anything,
  ...LENIENCE_CHECKS,
  config: { expected: 'a BitConfig', test: isBitConfig },
};
