// BitConfig with its files.
import { BitConfigData, MODEL_TYPE } from '../config/bit_config';
import { CONFIG_FIELDS, type BitConfigFields } from '../config/bit_config_fields';
import { checkOptions, only } from '../config/options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../config/pretrained_options';
import { resolveSource } from '../hub/resolve';
import { readJsonObject, writeJson } from './json_file';
import { warnOfModelType } from './warnings';

const CHECKS = { ...PRETRAINED_CHECKS, ...CONFIG_FIELDS };

/**
 * The numbers and labels of a BiT model: every field of transformers' BitConfig.
 * @category Models
 */
export class BitConfig extends BitConfigData {
  /**
   * Reads config.json of a directory, beside a checkpoint file, or on the hub.
   * @param options fields of the config replace what the file says.
   * @throws BitError ERR_BIT_CHECKPOINT when it is not found, ERR_BIT_CONFIG when it is wrong.
   */
  static async fromPretrained(
    source: string,
    options: PretrainedOptions & Partial<BitConfigFields> = {},
  ): Promise<BitConfig> {
    const given = checkOptions(options, CHECKS);
    const { configPath } = await resolveSource(source, given, 'config');
    const json = await readJsonObject(configPath);
    warnOfModelType(configPath, json['model_type'], MODEL_TYPE);
    const config = BitConfig.fromJSON(json) as BitConfig;
    return config.with(only(given, CONFIG_FIELDS));
  }

  /**
   * Writes config.json into `directory`.
   * @throws BitError ERR_BIT_CHECKPOINT when it cannot be written, ERR_BIT_CONFIG for no path.
   */
  async savePretrained(directory: string, architecture?: string): Promise<void> {
    const json = this.toJSON();
    await writeJson(
      directory,
      'config.json',
      architecture ? { ...json, architectures: [architecture] } : json,
    );
  }
}
