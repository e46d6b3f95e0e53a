// Asks the hub about one model: the commit of a revision, what files are, and the files themselves.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Hub from '@huggingface/hub';
import type { PretrainedOptions } from '../config/pretrained_options';
import { HttpError, download } from '../download/download';
import { hubEndpoint, hubToken } from './environment';

/** Loaded when first needed: it takes longer to load than the rest of this package. */
function library(): typeof Hub {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('@huggingface/hub');
}

const REQUEST_TIMEOUT_MS = 10_000; // Python's HF_HUB_ETAG_TIMEOUT
/** Enough for a server that stumbles once or twice; no more, as somebody waits for the answer. */
const REQUEST_ATTEMPTS = 3;
/** Before the second attempt, and twice as long before the third. */
const PAUSE_MS = 500;

/**
 * A file on the hub; `hash` names its blob: SHA-256 of a large file, git's SHA-1 of a small one, or
 * whatever ETag a mirror gives. `size` is null where nobody told it.
 */
export interface HubFile {
  name: string;
  size: number | null;
  hash: string;
}

/** What mirrors answer that have no such request; an x-error-code would be about the model. */
const NO_SUCH_REQUEST = [400, 404, 405, 501];
const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** An ETag that may be the name of a file. */
const FILE_NAME = /^[\w-][\w.-]{0,127}$/;
/** A mirror leads to the hub, and that to its host of large files; more is a loop. */
const MOST_REDIRECTS = 5;
const NO_COMPRESSION = { 'accept-encoding': 'identity' };

/** One model on one hub. Every method rejects with HttpError, or with what `fetch` rejects with. */
export class HubClient {
  readonly endpoint = hubEndpoint();
  private readonly token: string | null;

  constructor(
    readonly id: string,
    private readonly options: PretrainedOptions,
  ) {
    this.token = hubToken(options);
  }

  get hasToken(): boolean {
    return this.token !== null;
  }

  /** The commit that a branch or tag is at. */
  async commit(revision: string): Promise<string> {
    const { sha } = await library().modelInfo({
      ...this.parameters(),
      name: this.id,
      revision,
      additionalFields: ['sha'],
    });
    return sha;
  }

  /** What the hub knows of these files; those that it does not have are left out. */
  async files(commit: string, names: readonly string[]): Promise<HubFile[]> {
    try {
      return await this.pathsInfo(commit, names);
    } catch (error) {
      const isUnknown =
        error instanceof HttpError &&
        NO_SUCH_REQUEST.includes(error.status) &&
        !error.headers.has('x-error-code');
      if (!isUnknown) throw error;
      const found = await Promise.all(names.map((name) => this.head(commit, name)));
      return found.filter((file) => file !== null);
    }
  }

  /** As Python's get_hf_file_metadata: what the answer to HEAD says, before a host of large files. */
  private async head(commit: string, name: string): Promise<HubFile | null> {
    let url = this.url(commit, name);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const init = { method: 'HEAD', redirect: 'manual', headers: NO_COMPRESSION } as const;
      const { status, headers } = await this.ask(url, init, (answer) => {
        return answer.status < 400 || answer.status === 404;
      });
      if (status === 404) return null;
      const etag = headers.get('x-linked-etag') ?? headers.get('etag');
      const location = headers.get('location');
      if (etag === null && location !== null) {
        url = new URL(location, url).href;
        continue;
      }
      const hash = (etag ?? '').replace(/^W\//, '').replaceAll('"', '');
      if (!FILE_NAME.test(hash)) throw new Error(`the hub gave no hash for ${name}`);
      const size = headers.get('x-linked-size') ?? headers.get('content-length');
      return { name, size: size === null ? null : Number(size), hash };
    }
    throw new Error(`${name} is redirected too often`);
  }

  private url(commit: string, name: string): string {
    const path = name.split('/').map(encodeURIComponent).join('/');
    return `${this.endpoint}/${this.id}/resolve/${commit}/${path}`;
  }

  private async pathsInfo(commit: string, names: readonly string[]): Promise<HubFile[]> {
    const parameters = { ...this.parameters(), repo: { type: 'model', name: this.id } as const };
    const found = await library().pathsInfo({ ...parameters, revision: commit, paths: [...names] });
    return found
      .filter(({ type, path }) => type === 'file' && names.includes(path))
      .map(({ path, size, lfs, oid, xetHash }) => ({
        name: path,
        size: lfs?.size ?? size,
        hash: checkedHash(path, lfs?.oid ?? xetHash ?? oid),
      }));
  }

  /** Downloads a file to `path` (continuing what is there) and checks it. */
  async download(commit: string, file: HubFile, path: string): Promise<void> {
    const { onProgress, signal } = this.options;
    await download(this.url(commit, file.name), path, {
      headers: this.authorization(),
      signal,
      onProgress: (loaded) => onProgress?.({ file: file.name, loaded, total: file.size ?? loaded }),
    });
    const problem = await mismatch(path, file);
    if (problem === null) return;
    await rm(path, { force: true });
    throw new Error(`${file.name} arrived damaged: ${problem}`);
  }

  private parameters() {
    return { hubUrl: this.endpoint, fetch: this.fetch };
  }

  /** Only ever sent to the hub itself: `fetch` drops it when redirected to another host. */
  private authorization(): Record<string, string> {
    return this.token === null ? {} : { authorization: `Bearer ${this.token}` };
  }

  /** `fetch` with our token, a time limit, another attempt when the server stumbles, and refusals thrown. */
  private readonly fetch: typeof fetch = (url, init) =>
    this.ask(url, init, (response) => response.ok);

  private async ask(
    url: Parameters<typeof fetch>[0],
    init: RequestInit | undefined,
    isGood: (response: Response) => boolean,
  ): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const signal = this.options.signal
        ? AbortSignal.any([this.options.signal, timeout])
        : timeout;
      const headers = { ...(init?.headers as Record<string, string>), ...this.authorization() };
      const response = await fetch(url, { ...init, headers, signal });
      if (isGood(response)) return response;
      const error = new HttpError(response.status, response.headers);
      if (!error.isPassing || attempt >= REQUEST_ATTEMPTS) throw error;
      await sleep(PAUSE_MS * attempt, undefined, { signal: this.options.signal });
    }
  }
}

/** It becomes a file name, so nothing but a hash will do. */
function checkedHash(path: string, hash: string | undefined): string {
  if (hash !== undefined && SHA.test(hash)) return hash;
  throw new Error(`the hub gave no hash for ${path}`);
}

async function mismatch(path: string, { size, hash }: HubFile): Promise<string | null> {
  const actual = (await stat(path)).size;
  if (size !== null && actual !== size) return `it has ${actual} bytes instead of ${size}`;
  if (!SHA.test(hash)) return null;
  const digest = createHash(hash.length === 64 ? 'sha256' : 'sha1');
  if (hash.length === 40) digest.update(`blob ${actual}\0`); // as git hashes a file
  await pipeline(createReadStream(path), digest);
  return digest.digest('hex') === hash ? null : 'its hash is another';
}
