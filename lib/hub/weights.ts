// Which files hold a model's weights: one file, or the shards that an index lists.

import { readFile } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { BitError, describe } from '../errors';
import { parsePythonJson } from '../python_json';
import type { FileSource, FoundFile } from './sources';

/**
 * The files to load. A tensor that the index lists and no file has is one that is missing, as for
 * transformers, which loads whatever the files hold.
 */
export interface WeightFiles {
  files: string[];
  indexPath?: string;
}

const INDEX_SUFFIX = '.index.json';

/** In the order of preference. */
const CANDIDATES = [
  'model.safetensors',
  `model.safetensors${INDEX_SUFFIX}`,
  'pytorch_model.bin',
  `pytorch_model.bin${INDEX_SUFFIX}`,
];

/**
 * Finds (and brings) the weights of a source.
 * @throws BitError `ERR_BIT_CHECKPOINT` when there are none, or when an index is wrong
 */
export async function resolveWeights(source: FileSource): Promise<WeightFiles> {
  const found = await source.first(CANDIDATES);
  if (found === null) {
    const names = `${CANDIDATES.slice(0, -1).join(', ')} or ${CANDIDATES.at(-1)}`;
    throw new BitError(
      'ERR_BIT_CHECKPOINT',
      `There is no ${names} in ${source.label}. ${source.advice}`,
    );
  }
  if (!found.name.endsWith(INDEX_SUFFIX)) return { files: [found.path] };
  return resolveShards(source, found);
}

async function resolveShards(source: FileSource, index: FoundFile): Promise<WeightFiles> {
  const map = parseShardIndex(await readFile(index.path, 'utf8'), index.path);
  const names = [...new Set(Object.values(map))].sort();
  const paths = await source.all(names);
  const files = paths.filter((path) => path !== null);
  if (files.length < names.length) {
    const missing = names.filter((_, i) => paths[i] === null);
    throw new BitError(
      'ERR_BIT_CHECKPOINT',
      `${index.path} lists ${missing.join(', ')}, which ${source.label} does not have. ${source.advice}`,
    );
  }
  return { files, indexPath: index.path };
}

/**
 * The `weight_map` of a shard index: tensor name → file name.
 * @throws BitError `ERR_BIT_CHECKPOINT` that names the file and what is wrong in it
 */
export function parseShardIndex(text: string, path: string): Record<string, string> {
  const map = (parseJson(text, path) as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw wrong(path, `expected an object for weight_map but found ${describe(map)}`);
  }
  const entries = Object.entries(map);
  if (entries.length === 0) throw wrong(path, 'its weight_map is empty');
  for (const [tensor, file] of entries) {
    if (!isPlainName(file)) {
      throw wrong(
        path,
        `expected a plain file name for weight_map['${tensor}'] but found ${describe(file)}`,
      );
    }
  }
  return map as Record<string, string>;
}

/** A file beside the index: no folders, in no system's notation. */
function isPlainName(name: unknown): name is string {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..') return false;
  return posix.basename(name) === name && win32.basename(name) === name && !name.includes('\0');
}

function parseJson(text: string, path: string): unknown {
  try {
    return parsePythonJson(text);
  } catch (cause) {
    throw new BitError('ERR_BIT_CHECKPOINT', `${path} is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function wrong(path: string, what: string): BitError {
  return new BitError('ERR_BIT_CHECKPOINT', `${path} is no shard index: ${what}`);
}
