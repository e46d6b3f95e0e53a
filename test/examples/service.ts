// examples/http-service as its own process, and clients of many kinds.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

const START_MS = 60_000;
/** A client gives up after so long: what is tested has limits far below it. */
const CLIENT_MS = 100_000;

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: {
    results?: {
      file?: string;
      predictions?: { label: string; score: number }[];
      embedding?: number[];
    }[];
    error?: { code: string; message: string };
    status?: string;
  };
}

/** Those of this file's tests: none outlives them. */
const children = new Set<ChildProcess>();
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

export class Service {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly ended: Promise<number | null>,
  ) {}

  /** @param env its settings. Resolves once it is ready. */
  static async start(folder: string, env: Record<string, string> = {}): Promise<Service> {
    const child = spawn(process.execPath, ['server.mjs'], {
      cwd: folder,
      env: { ...process.env, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    const ended = once(child, 'close').then(([code]) => {
      children.delete(child);
      return code as number | null;
    });
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('It does not listen')), START_MS);
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const found = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
        if (!found) return;
        clearTimeout(timer);
        resolve(Number(found[1]));
      });
      void ended.then((code) => reject(new Error(`It ended with ${code}`)));
    });
    const service = new Service(child, port, ended);
    const end = Date.now() + START_MS;
    while ((await service.get('/readyz')).status !== 200) {
      if (Date.now() > end) throw new Error('It does not become ready');
      await pause(50);
    }
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves with the exit code. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }

  /** The most memory that it has had, in bytes. */
  peak(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async get(path: string): Promise<Answer> {
    return this.send(path, 'GET').answer();
  }

  /** An upload in one piece. */
  post(path: string, body: Buffer, type = 'image/jpeg'): Promise<Answer> {
    const upload = this.send(path, 'POST', { 'content-type': type, 'content-length': body.length });
    upload.request.end(body);
    return upload.answer();
  }

  form(path: string, files: Record<string, Buffer>): Promise<Answer> {
    const { body, type } = formOf(files);
    return this.post(path, body, type);
  }

  /** An upload that the caller goes on with. */
  send(path: string, method: string, headers: Record<string, string | number> = {}): Upload {
    const { port } = this;
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false as const };
    const sent = request(options);
    if (method === 'GET') sent.end();
    return new Upload(sent);
  }

  /** The value of a metric; labels as Prometheus writes them. */
  async metric(name: string): Promise<number> {
    const line = (await this.metrics()).split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? NaN);
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }
}

export class Upload {
  private readonly answered: Promise<Answer>;

  constructor(readonly request: ClientRequest) {
    request.setTimeout(CLIENT_MS, () => request.destroy(new Error('The service says nothing')));
    this.answered = new Promise((resolve, reject) => {
      request.once('response', (response) => resolve(read(response)));
      request.on('error', reject);
    });
    // Whoever goes away asks for no answer.
    this.answered.catch(() => undefined);
  }

  answer(): Promise<Answer> {
    return this.answered;
  }
}

async function read(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, body: JSON.parse(text) as Answer['body'] };
}

const BOUNDARY = 'a-boundary-of-ours';

/** A form as browsers send it. */
export function formOf(files: Record<string, Buffer>): { body: Buffer; type: string } {
  const parts = Object.entries(files).flatMap(([name, bytes]) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
        'Content-Type: image/jpeg\r\n\r\n',
    ),
    bytes,
    Buffer.from('\r\n'),
  ]);
  const body = Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${BOUNDARY}` };
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
