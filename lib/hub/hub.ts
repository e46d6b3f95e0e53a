// A model on the hub as a source of files: what the cache has is taken from there, the rest is brought.

import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PretrainedOptions } from '../config/pretrained_options';
import { withoutSecrets } from '../describe';
import { BitError } from '../errors';
import { rootCause } from '../download/download';
import { withLock } from '../download/lock';
import { HubCache } from './cache';
import { HubClient, type HubFile } from './client';
import { isOffline } from './environment';
import { hubError, isRefusal } from './problems';
import { type FileSource, FolderSource, type FoundFile } from './sources';

/**
 * The files of `id` at a revision: from the hub, or from the cache when offline or out of reach.
 * @throws BitError `ERR_BIT_CHECKPOINT` when neither has it; the signal's reason when aborted
 */
export async function openHubModel(id: string, options: PretrainedOptions): Promise<FileSource> {
  const revision = options.revision ?? 'main';
  const cache = new HubCache(id, options);
  if (isOffline(options)) return openOffline(id, revision, cache);
  const client = new HubClient(id, options);
  const known = cache.commitOf(revision);
  if (known === revision) return new HubSource(client, cache, revision, revision, options); // a commit stays what it is
  try {
    const commit = await client.commit(revision);
    await cache.remember(revision, commit);
    return new HubSource(client, cache, revision, commit, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const request = { id, revision, endpoint: client.endpoint, hasToken: client.hasToken };
    if (isRefusal(error) || known === null) throw hubError(error, request);
    const advice = `${withoutSecrets(client.endpoint)} cannot be reached (${rootCause(error).message}), so only the cache was looked at.`;
    return new FolderSource(cache.snapshot(known), label(id, revision), advice);
  }
}

function openOffline(id: string, revision: string, cache: HubCache): FileSource {
  const advice =
    'Only the cache was looked at: allow downloads (unset HF_HUB_OFFLINE, localFilesOnly) to bring it.';
  const commit = cache.commitOf(revision);
  if (commit !== null) return new FolderSource(cache.snapshot(commit), label(id, revision), advice);
  throw new BitError(
    'ERR_BIT_CHECKPOINT',
    `'${id}' is no local path, and the cache (${cache.dir}) does not have its revision '${revision}'. ${advice}`,
  );
}

function label(id: string, revision: string): string {
  return revision === 'main' ? `'${id}'` : `'${id}' (${revision})`;
}

/** Files of one commit. */
class HubSource implements FileSource {
  readonly label: string;
  readonly advice = 'Check that the model is one of BiT in the format of transformers.';
  private readonly known = new Map<string, HubFile | null>();

  constructor(
    private readonly client: HubClient,
    private readonly cache: HubCache,
    private readonly revision: string,
    private readonly commit: string,
    private readonly options: PretrainedOptions,
  ) {
    this.label = label(client.id, revision);
  }

  async first(names: readonly string[]): Promise<FoundFile | null> {
    for (const name of names) {
      const path = await this.get(name, names);
      if (path !== null) return { name, path };
    }
    return null;
  }

  async all(names: readonly string[]): Promise<(string | null)[]> {
    const paths: (string | null)[] = [];
    for (const name of names) paths.push(await this.get(name, names));
    return paths;
  }

  /** `together`: names worth asking about in the same request. */
  private async get(name: string, together: readonly string[]): Promise<string | null> {
    const cached = join(this.cache.snapshot(this.commit), name);
    if (existsSync(cached)) return cached;
    try {
      if (!this.known.has(name)) await this.ask(together);
      const file = this.known.get(name) ?? null;
      return file && (await this.bring(file));
    } catch (error) {
      this.options.signal?.throwIfAborted();
      const { id, endpoint, hasToken } = this.client;
      throw hubError(error, { id, revision: this.revision, endpoint, hasToken });
    }
  }

  private async ask(names: readonly string[]): Promise<void> {
    const files = await this.client.files(this.commit, names);
    for (const name of names)
      this.known.set(name, files.find((file) => file.name === name) ?? null);
  }

  /** Two processes may want the same file: the second waits, then finds it there. */
  private async bring(file: HubFile): Promise<string> {
    const blob = this.cache.blob(file.hash);
    await mkdir(dirname(blob), { recursive: true });
    const work = async () => {
      if (existsSync(blob)) return;
      await this.client.download(this.commit, file, `${blob}.part`);
      await rename(`${blob}.part`, blob);
    };
    if (!existsSync(blob)) await withLock(`${blob}.lock`, work, this.options.signal);
    return this.cache.place(file.hash, this.commit, file.name);
  }
}
