// A small object store that speaks S3's language, in memory: what batch jobs ask of one, and its faults on request.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredObject {
  bytes: Buffer;
  metadata: Record<string, string>;
}

/** What a request may meet with; each is called before it is answered. */
export interface Faults {
  /** Takes no notice of If-None-Match, as old stores. */
  ignoresConditions?: boolean;
  /** Whether the connection breaks once the request has been done: its answer is lost. */
  losesAnswer?: (method: string, key: string) => boolean;
  /** Answers with this error instead: its status and its name. */
  refuses?: (method: string, key: string) => [number, string] | undefined;
}

interface Request {
  method: string;
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  body?: Buffer | string;
}

const BUCKET = 'bucket';
/** Small, so that lists have pages. */
const PAGE = 3;

export class S3Server {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Map<number, Buffer>>();
  /** Each request, as `PUT key?query`. */
  readonly requests: string[] = [];
  faults: Faults = {};
  private readonly server: Server = createServer((request, response) => {
    void this.serve(request, response);
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What programs need to find it. */
  get env(): Record<string, string> {
    const { port } = this.server.address() as AddressInfo;
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'us-east-1',
    };
  }

  /** Names and content below a folder of the bucket. */
  texts(folder: string): Record<string, string> {
    const below = [...this.objects].filter(([key]) => key.startsWith(`${folder}/`));
    return Object.fromEntries(
      below.map(([key, { bytes }]) => [key.slice(folder.length + 1), bytes.toString()]),
    );
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url as string, 'http://localhost');
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const request: Request = {
      method: incoming.method as string,
      key: rest.join('/'),
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(chunks),
    };
    this.requests.push(`${request.method} ${request.key}${url.search}`);
    const refused = this.faults.refuses?.(request.method, request.key);
    const answer = refused
      ? failure(...refused)
      : bucket === BUCKET
        ? this.answer(request)
        : failure(404, 'NoSuchBucket');
    if (this.faults.losesAnswer?.(request.method, request.key)) {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  private answer(request: Request): Answer {
    const { method, key, query } = request;
    if (query.has('uploads')) return this.begin();
    if (query.has('uploadId')) return this.upload(request);
    if (query.has('delete')) return this.deleteAll(request);
    if (method === 'PUT') return this.put(request);
    if (method === 'DELETE') this.objects.delete(key);
    if (method === 'DELETE') return { status: 204 };
    return key === '' ? this.list(query) : this.get(request);
  }

  private put({ key, headers, body }: Request): Answer {
    const source = headers['x-amz-copy-source'];
    if (typeof source === 'string') return this.copy(key, source);
    const isTaken = headers['if-none-match'] === '*' && this.objects.has(key);
    if (isTaken && !this.faults.ignoresConditions) return failure(412, 'PreconditionFailed');
    const entries = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const metadata = Object.fromEntries(entries) as Record<string, string>;
    this.objects.set(key, { bytes: body, metadata });
    return { status: 200, headers: { ETag: tagOf(body) } };
  }

  private copy(key: string, source: string): Answer {
    const from = this.sourceOf(source);
    if (!from) return failure(404, 'NoSuchKey');
    this.objects.set(key, from);
    return xml(`<CopyObjectResult><ETag>${tagOf(from.bytes)}</ETag></CopyObjectResult>`);
  }

  private sourceOf(source: string): StoredObject | undefined {
    return this.objects.get(decodeURIComponent(source).replace(/^\/?bucket\//, ''));
  }

  private get({ key, headers }: Request): Answer {
    const found = this.objects.get(key);
    if (!found) return failure(404, 'NoSuchKey');
    const { bytes, metadata } = found;
    const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    if (start === undefined)
      return { status: 200, headers: { ...metadata, 'Content-Length': bytes.length }, body: bytes };
    if (Number(start) >= bytes.length) return failure(416, 'InvalidRange');
    const body = bytes.subarray(Number(start), end === '' ? undefined : Number(end) + 1);
    return { status: 206, headers: { 'Content-Length': body.length }, body };
  }

  private list(query: URLSearchParams): Answer {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const isHere = (key: string) =>
      key.startsWith(prefix) &&
      (!query.get('delimiter') || !key.slice(prefix.length).includes('/'));
    const keys = [...this.objects.keys()].filter(isHere).sort();
    const left = keys.filter((key) => key > after);
    const page = left.slice(0, PAGE);
    const isCut = left.length > PAGE;
    const contents = page.map(
      (key) =>
        `<Contents><Key>${key}</Key><Size>${this.objects.get(key)?.bytes.length}</Size></Contents>`,
    );
    const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    return xml(
      `<ListBucketResult><IsTruncated>${isCut}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    );
  }

  private deleteAll({ body }: Request): Answer {
    for (const [, key] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g))
      this.objects.delete(key as string);
    return xml('<DeleteResult></DeleteResult>');
  }

  private begin(): Answer {
    const id = randomUUID();
    this.uploads.set(id, new Map());
    return xml(
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  private upload({ method, key, query, headers, body }: Request): Answer {
    const id = query.get('uploadId') as string;
    const pieces = this.uploads.get(id);
    if (!pieces) return failure(404, 'NoSuchUpload');
    if (method === 'DELETE') this.uploads.delete(id);
    if (method === 'DELETE') return { status: 204 };
    if (method === 'PUT') {
      const piece = this.pieceOf(headers, body);
      pieces.set(Number(query.get('partNumber')), piece);
      const tag = tagOf(piece);
      const copied = `<CopyPartResult><ETag>${tag}</ETag></CopyPartResult>`;
      return headers['x-amz-copy-source'] ? xml(copied) : { status: 200, headers: { ETag: tag } };
    }
    this.uploads.delete(id);
    const inOrder = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)];
    const bytes = Buffer.concat(inOrder.map(([, number]) => pieces.get(Number(number)) as Buffer));
    this.objects.set(key, { bytes, metadata: {} });
    return xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
  }

  private pieceOf(headers: Request['headers'], body: Buffer): Buffer {
    const source = headers['x-amz-copy-source'];
    if (typeof source !== 'string') return body;
    const range = headers['x-amz-copy-source-range'] as string;
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    return this.sourceOf(source)!.bytes.subarray(Number(start), Number(end) + 1);
  }
}

const tagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

function xml(body: string): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/xml' }, body };
}

function failure(status: number, code: string): Answer {
  return { ...xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`), status };
}
