// Configs of other copies of the package in this process, whose classes are not ours.
import { BitConfig } from './bit_config';

/** Of this copy of the package or another one. */
export const isBitConfig = (value: unknown) => value instanceof BitConfig || isForeignConfig(value);

/** Of another copy of the package in this process, which has classes of its own; by what it can do. */
function isForeignConfig(value: unknown): boolean {
  const config = value as Partial<BitConfig> | null | undefined;
  return (
    typeof config?.toJSON === 'function' &&
    Array.isArray(config.stageNames) &&
    Array.isArray(config.hiddenSizes)
  );
}

/**
 * The config as one of this copy's class.
 * @throws BitError ERR_BIT_CONFIG where a copy of another version knows values that this one does not.
 */
export function ownConfig(config: BitConfig): BitConfig {
  return config instanceof BitConfig
    ? config
    : (BitConfig.fromJSON((config as BitConfig).toJSON()) as BitConfig);
}
