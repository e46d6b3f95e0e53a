// BitConfig with its files.
import { BitConfigData, MODEL_TYPE } from '../config/bit_config';
import { checkOptions } from '../config/options';
import type { PretrainedOptions } from '../hub/options';
import { resolveSource } from '../hub/resolve';
import { readJsonObject, writeJson } from './json_file';
import { PRETRAINED_CHECKS } from './options';
import { warnOfModelType } from './warnings';

/** The numbers and labels of a BiT model: every field of transformers' BitConfig. */
export class BitConfig extends BitConfigData {
  /**
   * Reads config.json of a directory, beside a checkpoint file, or on the hub.
   * @throws BitError ERR_BIT_CHECKPOINT when it is not found, ERR_BIT_CONFIG when it is wrong.
   */
  static async fromPretrained(source: string, options: PretrainedOptions = {}): Promise<BitConfig> {
    const given = checkOptions(options, PRETRAINED_CHECKS);
    const { configPath } = await resolveSource(source, given, 'config');
    const json = await readJsonObject(configPath);
    warnOfModelType(configPath, json['model_type'], MODEL_TYPE);
    return BitConfig.fromJSON(json) as BitConfig;
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
