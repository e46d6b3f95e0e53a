// Which model a job runs, by the content of its files.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PretrainedOptions } from '../../config/pretrained_options';
import { resolveSource } from '../../hub';

export interface ModelFacts {
  /** As it was asked for. */
  source: string;
  /** The commit of a model of the hub; null for local files. */
  revision: string | null;
  /** SHA-256 of each file that is read, in hexadecimal, by its name. */
  files: Record<string, string>;
}

/** A folder of the hub's cache that has the files of one commit. */
const SNAPSHOT = /[\\/]snapshots[\\/]([0-9a-f]{40})([\\/]|$)/;

/**
 * Brings the files where they are not here yet, as loading the model does.
 * @throws what resolveSource() throws.
 */
export async function modelFacts(source: string, options: PretrainedOptions): Promise<ModelFacts> {
  const { configPath } = await resolveSource(source, options, 'config');
  const { processorPath } = await resolveSource(source, options, 'processor');
  const { weights } = await resolveSource(source, options, 'model');
  const paths = [configPath, processorPath, ...weights.files];
  const files: Record<string, string> = {};
  for (const path of paths) files[basename(path)] = await sha256(path, options.signal);
  return { source, revision: SNAPSHOT.exec(dirname(configPath))?.[1] ?? null, files };
}

async function sha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
