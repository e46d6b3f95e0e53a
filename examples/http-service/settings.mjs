// What can be set from outside: environment variables, each with its default and its check.
const MIB = 1024 ** 2;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

export class SettingsError extends Error {}

/** A whole number within bounds. */
const whole =
  (least, most = Number.MAX_SAFE_INTEGER) =>
  (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new SettingsError(`expects a whole number from ${least} to ${most}`);
  };

const oneOf =
  (...names) =>
  (text) => {
    if (names.includes(text)) return text;
    throw new SettingsError(`expects one of ${names.join(', ')}`);
  };

/** The model checks these itself. */
const any = (text) => text;

const MAX_PORT = 65_535;
const MAX_DELAY_MS = 60_000;

/** By the variables' names. */
const SETTINGS = {
  HOST: { name: 'host', initial: '127.0.0.1', parse: any },
  PORT: { name: 'port', initial: 8080, parse: whole(0, MAX_PORT) },
  LOG_LEVEL: {
    name: 'logLevel',
    initial: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  MODEL: { name: 'model', initial: undefined, parse: any },
  DEVICE: { name: 'device', initial: 'auto', parse: any },
  DTYPE: { name: 'dtype', initial: 'float32', parse: any },
  MAX_BATCH: { name: 'maxBatch', initial: 16, parse: whole(1) },
  MAX_DELAY_MS: { name: 'maxDelayMs', initial: 0, parse: whole(0, MAX_DELAY_MS) },
  MAX_QUEUE: { name: 'maxQueue', initial: 200, parse: whole(1) },
  MAX_UPLOAD_BYTES: { name: 'maxUploadBytes', initial: 10 * MIB, parse: whole(1) },
  MAX_FILES: { name: 'maxFiles', initial: 16, parse: whole(1) },
  MAX_PIXELS: { name: 'maxPixels', initial: 40_000_000, parse: whole(1) },
  MAX_DECODED_PIXELS: { name: 'maxDecodedPixels', initial: 80_000_000, parse: whole(1) },
  MAX_UPLOADS: { name: 'maxUploads', initial: 200, parse: whole(1) },
  MAX_HELD_BYTES: { name: 'maxHeldBytes', initial: 256 * MIB, parse: whole(1) },
  MAX_CONNECTIONS: { name: 'maxConnections', initial: 2000, parse: whole(1) },
  REQUEST_TIMEOUT_MS: { name: 'requestTimeoutMs', initial: 30 * SECOND, parse: whole(1) },
  ANSWER_TIMEOUT_MS: { name: 'answerTimeoutMs', initial: MINUTE, parse: whole(1) },
  STOP_DELAY_MS: { name: 'stopDelayMs', initial: 0, parse: whole(0) },
  STOP_TIMEOUT_MS: { name: 'stopTimeoutMs', initial: MINUTE, parse: whole(1) },
};

/**
 * @param environment process.env; a variable that is empty counts as not set.
 * @throws SettingsError naming the variable.
 */
export function readSettings(environment) {
  const entries = Object.entries(SETTINGS).map(([variable, { name, initial, parse }]) => {
    const text = environment[variable];
    if (text === undefined || text === '') return [name, initial];
    try {
      return [name, parse(text)];
    } catch (error) {
      throw new SettingsError(`${variable} ${error.message}, not '${text}'`);
    }
  });
  return Object.freeze(Object.fromEntries(entries));
}
