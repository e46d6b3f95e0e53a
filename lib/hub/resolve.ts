// What a user calls a source (a path, a hub id, the packaged model) → local files.

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_MODEL } from '../config/defaults';
import type { PretrainedOptions } from '../config/pretrained_options';
import { BitError, describe } from '../errors';
import { packageRoot, unpacked, unpackingAdvice } from '../package_root';
import { asDenied } from '../permission';
import { openHubModel } from './hub';
import { type FileSource, FolderSource, SubfolderSource } from './sources';
import { type WeightFiles, resolveWeights } from './weights';
import { throwIfAborted } from '../signal';

/** What is wanted of a source: `config.json`, `preprocessor_config.json` or the weights. */
export type Want = keyof ResolvedSource;

/** The local file that was asked for; `dir` is the directory, or the snapshot in the hub's cache. */
export interface ResolvedSource {
  config: { dir: string; configPath: string };
  processor: { dir: string; processorPath: string };
  model: { dir: string; weights: WeightFiles };
}

const CONFIG = 'config.json';
const PROCESSOR = 'preprocessor_config.json';
const CHECKPOINT = /\.(safetensors|bin)$/;
const HUB_ID = /^[\w.-]+(\/[\w.-]+)?$/;

/**
 * Finds the files of a source, downloading those of a hub model into the cache where needed.
 *
 * `source` is exactly the name of the packaged model, else a local directory, else a
 * checkpoint file with its `config.json` beside it, else a hub id.
 * @throws BitError `ERR_BIT_CHECKPOINT` saying what is missing and what to do; the signal's reason
 */
export async function resolveSource<W extends Want>(
  source: string,
  options: PretrainedOptions,
  want: W,
): Promise<ResolvedSource[W]>;
export async function resolveSource(
  source: string,
  options: PretrainedOptions,
  want: Want,
): Promise<ResolvedSource[Want]> {
  if (typeof source !== 'string' || source === '') throw notASource(source);
  throwIfAborted(options.signal);
  try {
    return await filesOf(source, options, want);
  } catch (error) {
    throw asDenied(error, 'ERR_BIT_CHECKPOINT');
  }
}

async function filesOf(
  source: string,
  options: PretrainedOptions,
  want: Want,
): Promise<ResolvedSource[Want]> {
  const subfolder = checkSubfolder(options.subfolder);
  const path = localPath(source);
  const root =
    path === null ? await openHubModel(hubId(source, options), options) : openLocal(path);
  const files = subfolder === null ? root : new SubfolderSource(root, subfolder);
  if (want === 'config') {
    const configPath = await required(files, CONFIG);
    return { dir: dirname(configPath), configPath };
  }
  if (want === 'processor') {
    const processorPath = await required(files, PROCESSOR);
    return { dir: dirname(processorPath), processorPath };
  }
  const isFile = path !== null && statSync(path).isFile();
  const weights = isFile ? { files: [path] } : await resolveWeights(files);
  return { dir: dirname(weights.indexPath ?? weights.files[0] ?? ''), weights };
}

/** Its parts, with '/' between them; null for the source itself. It cannot lead out of the source. */
function checkSubfolder(subfolder: unknown): string | null {
  if (subfolder === undefined || subfolder === null || subfolder === '') return null;
  const parts = typeof subfolder === 'string' ? subfolder.split(/[\\/]/) : ['..'];
  const inside = parts.filter((part) => part !== '' && part !== '.');
  const climbs = inside.some((part) => part === '..' || part.includes('\0'));
  if (climbs || isAbsolute(String(subfolder)) || /^(\\|[a-z]:)/i.test(String(subfolder)))
    throw new BitError(
      'ERR_BIT_CHECKPOINT',
      `Expected a folder within the source for subfolder but received ${describe(subfolder)}`,
    );
  return inside.length === 0 ? null : inside.join('/');
}

/** Where a source lies on this machine; null for a hub id. */
function localPath(source: string): string | null {
  if (source === DEFAULT_MODEL) return packagedModel();
  const path = source.startsWith('file://') ? fileURLToPath(source) : source;
  if (!existsSync(path)) return null;
  const local = unpacked(resolve(path));
  if (existsSync(local)) return local;
  throw new BitError('ERR_BIT_CHECKPOINT', `There is no ${local}${unpackingAdvice(local)}`);
}

function packagedModel(): string {
  const path = unpacked(join(packageRoot('ERR_BIT_CHECKPOINT'), 'models', DEFAULT_MODEL));
  if (existsSync(path)) return path;
  const advice = unpackingAdvice(path) || '. Install bigtransfer again.';
  throw new BitError(
    'ERR_BIT_CHECKPOINT',
    `The model that ships with this package is missing: there is no ${path}${advice}`,
  );
}

function openLocal(path: string): FileSource {
  const advice =
    'A model directory has config.json and model.safetensors, as transformers saves them.';
  if (statSync(path).isDirectory()) return new FolderSource(path, path, advice);
  if (CHECKPOINT.test(path))
    return new FolderSource(dirname(path), dirname(path), `It belongs beside ${basename(path)}.`);
  throw new BitError(
    'ERR_BIT_CHECKPOINT',
    `${path} is no checkpoint: expected a directory, or a .safetensors or .bin file.`,
  );
}

/** The id, or an error when neither a path nor an id could be meant. */
function hubId(source: string, { revision }: PretrainedOptions): string {
  const climbs =
    source.includes('..') || source.includes('--') || /(^|\/)[.-]|[.-]($|\/)/.test(source);
  if (!HUB_ID.test(source) || climbs) {
    throw new BitError(
      'ERR_BIT_CHECKPOINT',
      `There is nothing at ${describe(source)}, and it is no hub id either (those look like 'google/bit-50'). Check the path.`,
    );
  }
  if (revision !== undefined && !/^(?!.*\.\.)[\w.][\w./+@-]*$/.test(revision)) {
    throw new BitError(
      'ERR_BIT_CHECKPOINT',
      `Expected a branch, tag or commit for revision but received ${describe(revision)}`,
    );
  }
  return source;
}

async function required(files: FileSource, name: string): Promise<string> {
  const found = await files.first([name]);
  if (found !== null) return found.path;
  throw new BitError(
    'ERR_BIT_CHECKPOINT',
    `There is no ${name} in ${files.label}. ${files.advice}`,
  );
}

function notASource(source: unknown): BitError {
  return new BitError(
    'ERR_BIT_CHECKPOINT',
    `Expected a path or a hub id for source but received ${describe(source)}`,
  );
}
