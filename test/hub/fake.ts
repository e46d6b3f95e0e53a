// A hub and the other host that it redirects large files to, for the tests.

import { createHash } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const COMMIT = 'c0ffee'.padEnd(40, '0');
export const OLD_COMMIT = '01d'.padEnd(40, '0');

/** Files above this are "LFS": named by SHA-256 and served by the other host. */
const SMALL = 1000;

export interface FakeHub {
  endpoint: string;
  /** `METHOD path` of every request, in order; those of the other host start with `cdn`. */
  log: string[];
  /** `Authorization` headers as received: by the hub, and by the other host. */
  tokens: { hub: Set<string>; cdn: Set<string> };
  /** Cut the next download of the other host after so many bytes. */
  cutAfter: number | null;
  /** Flip a byte in what the other host sends. */
  damage: boolean;
  /** As a mirror that does not know this request: with what status it answers 'paths-info'. */
  noPathsInfo: number | null;
  /** What such a mirror gives as ETags instead of hashes; null for the hub's own. */
  etag: string | null;
  close(): Promise<void>;
}

type Repos = Record<string, Record<string, Record<string, string | Buffer>>>;

/** `repos[id][revision][file]`; revision `main` is COMMIT, others OLD_COMMIT. */
export async function startHub(
  repos: Repos,
  refusals: Record<string, [number, string]> = {},
): Promise<FakeHub> {
  const cdn = createServer((request, response) => serveBlob(request, response));
  const hub = createServer((request, response) => void serveHub(request, response));
  const cdnUrl = await listen(cdn);
  const endpoint = await listen(hub);
  const state: FakeHub = {
    endpoint,
    log: [],
    tokens: { hub: new Set(), cdn: new Set() },
    cutAfter: null,
    damage: false,
    noPathsInfo: null,
    etag: null,
    close: async () => void (await Promise.all([stop(hub), stop(cdn)])),
  };
  return state;

  async function serveHub(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', endpoint);
    state.log.push(`${request.method} ${url.pathname}`);
    if (request.headers.authorization) state.tokens.hub.add(request.headers.authorization);
    const [, api, id = '', verb, revision = '', file = ''] =
      /^(\/api\/models)?\/(.+?)\/(revision|paths-info|resolve)\/([^/]+)(?:\/(.+))?$/.exec(
        url.pathname,
      ) ?? [];
    const refusal = refusals[id] ?? refusals[`${id} ${verb}`];
    if (refusal) return void response.writeHead(refusal[0], { 'x-error-code': refusal[1] }).end();
    const repo = repos[id];
    if (!repo) return void response.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end();
    const files = revisionOf(repo, decodeURIComponent(revision));
    if (!files) return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
    const commit = files === repo['main'] ? COMMIT : OLD_COMMIT;
    if (api && verb === 'revision')
      return void json(response, { _id: '1', id, sha: commit, lastModified: 0 });
    if (api && state.noPathsInfo !== null) return void response.writeHead(state.noPathsInfo).end();
    if (api) {
      const { paths } = JSON.parse(await body(request)) as { paths: string[] };
      const found = paths.filter((path) => path in files);
      return void json(
        response,
        found.map((path) => info(path, Buffer.from(files[path] ?? ''))),
      );
    }
    const data = files[file];
    if (data === undefined)
      return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    const bytes = Buffer.from(data);
    const { oid, lfs } = info(file, bytes) as { oid: string; lfs?: { oid: string } };
    const etag = `"${state.etag ?? lfs?.oid ?? oid}"`;
    if (bytes.length <= SMALL)
      return void response.writeHead(200, { 'content-length': bytes.length, etag }).end(bytes);
    const headers = {
      location: `${cdnUrl}/${id}/${commit}/${file}`,
      'x-linked-size': bytes.length,
      'x-linked-etag': etag,
    };
    response.writeHead(302, { ...headers, 'x-repo-commit': commit }).end();
  }

  function serveBlob(request: IncomingMessage, response: ServerResponse): void {
    state.log.push(`cdn ${request.headers.range ?? 'all'}`);
    if (request.headers.authorization) state.tokens.cdn.add(request.headers.authorization);
    const [, id = '', commit, file = ''] =
      /^\/(.+)\/([0-9a-f]{40})\/(.+)$/.exec(request.url ?? '') ?? [];
    const files = revisionOf(repos[id] ?? {}, commit ?? '') ?? {};
    const bytes = Buffer.from(files[file] ?? '');
    if (state.damage) bytes[0] = (bytes[0] ?? 0) ^ 1;
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      ...(start > 0 && range),
      'content-length': bytes.length - start,
    });
    const cut = state.cutAfter;
    state.cutAfter = null;
    if (cut === null) response.end(bytes.subarray(start));
    else response.write(bytes.subarray(start, cut), () => setTimeout(() => response.destroy(), 50));
  }
}

function revisionOf(repo: Repos[string], revision: string) {
  if (revision === COMMIT) return repo['main'];
  if (revision === OLD_COMMIT) return Object.entries(repo).find(([name]) => name !== 'main')?.[1];
  return repo[revision];
}

function info(path: string, data: Buffer) {
  const oid = createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
  const plain = { type: 'file', path, size: data.length, oid };
  if (data.length <= SMALL) return plain;
  const hash = createHash('sha256').update(data).digest('hex');
  return { ...plain, lfs: { oid: hash, size: data.length, pointerSize: 130 } };
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
