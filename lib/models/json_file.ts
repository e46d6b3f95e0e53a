// JSON files of a model directory: read with errors that name the file, written whole or not at all.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitError, invalid } from '../errors';
import { deniedReason } from '../permission';
import { formatPythonJson, parsePythonJson } from '../python_json';

/** Some editors begin a file with it; JSON does not allow it. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Parses an object from a file.
 * @throws BitError ERR_BIT_CONFIG when it cannot be read or holds no JSON object.
 */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parsePythonJson((await readFile(path, 'utf8')).replace(BYTE_ORDER_MARK, ''));
  } catch (cause) {
    const why = deniedReason(cause) ?? (cause as Error).message;
    throw new BitError('ERR_BIT_CONFIG', `Cannot read ${path}: ${why}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new BitError('ERR_BIT_CONFIG', `${path} does not hold a JSON object`);
}

/**
 * Writes `value` as indented JSON, making the directory where it is missing.
 * @throws BitError ERR_BIT_CHECKPOINT when the file cannot be written, ERR_BIT_CONFIG for no path.
 */
export async function writeJson(directory: string, name: string, value: object): Promise<void> {
  checkDirectory(directory);
  const path = join(directory, name);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(temporary, `${formatPythonJson(value)}\n`);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const why = deniedReason(cause) ?? (cause as Error).message;
    throw new BitError('ERR_BIT_CHECKPOINT', `Cannot write ${path}: ${why}`, { cause });
  }
}

/** @throws BitError ERR_BIT_CONFIG unless it is a path. */
export function checkDirectory(directory: unknown): void {
  if (typeof directory === 'string' && directory !== '') return;
  throw invalid('ERR_BIT_CONFIG', 'directory', 'a path', directory);
}
