// What loads, and yet not as one might think: told as Node's warnings, as transformers logs it.
import type { LoadingInfo } from '../binding/types';

/** Names in a warning, so that it stays on a line or two; more are counted. */
const NAMED = 3;

/** Tells which weights start at random, unless all came from the checkpoint. */
export function warnOfMissing(
  architecture: string,
  source: string,
  { missingKeys, mismatchedKeys }: LoadingInfo,
): void {
  const names = [...missingKeys, ...mismatchedKeys.map(({ name }) => name)];
  if (names.length === 0) return;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  warn(
    'BIT_RANDOM_WEIGHTS',
    `${architecture}: '${source}' lacks ${names.slice(0, NAMED).join(', ')}${more}; these start at ` +
      'random and need training (see loadingInfo)',
  );
}

/** Tells of a config that is another model's: its keys may mean something else. */
export function warnOfModelType(path: string, modelType: unknown, expected: string): void {
  if (modelType === undefined || modelType === expected) return;
  warn(
    'BIT_MODEL_TYPE',
    `${path} is the config of a model of type '${String(modelType)}', not '${expected}'`,
  );
}

/** Tells of GPUs that failed under a model that others still run. */
export function warnOfDevices(warnings: string[]): void {
  for (const message of warnings) warn('BIT_DEVICE_FAILED', message);
}

function warn(code: string, message: string): void {
  process.emitWarning(message, { type: 'BitWarning', code });
}
