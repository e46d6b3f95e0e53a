// How far a job is, for Prometheus: an HTTP server that gives numbers when it is asked.

import { createServer, type Server } from 'node:http';
import { InvalidArgumentError } from 'commander';
import type * as Prometheus from 'prom-client';
import type { BatchProgress } from '../index';

/** The client, which loads when somebody asks for numbers: other commands begin without it. */
function loadClient(): typeof Prometheus {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
  return require('prom-client') as typeof Prometheus;
}

/** Where a server listens. */
export interface Place {
  host: string;
  port: number;
}

/** `port` on this machine alone, or `host:port`, such as 0.0.0.0:9464 for all of its networks. */
export function place(text: string): Place {
  const [, host = '127.0.0.1', digits] = /^(?:\[?([^\]]+?)\]?:)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new InvalidArgumentError('Expected a port, or host:port.');
  return { host, port };
}

function unheard({ host, port }: Place, cause: NodeJS.ErrnoException): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'no permission for that port',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no such host',
  };
  const why = reasons[cause.code ?? ''] ?? cause.message;
  return new Error(`Cannot tell metrics on ${host}:${port}: ${why}`, { cause });
}

/** Numbers of a job under `/metrics`. */
export class Metrics {
  private readonly client = loadClient();
  private readonly registry = new this.client.Registry();
  private readonly rows = this.counter('rows_total', 'Rows that are done');
  private readonly errors = this.counter('errors_total', 'Rows with an error', ['code']);
  private readonly total = this.gauge(
    'rows_expected',
    'Rows there will be; 0 while that is not known',
  );
  private readonly rate = this.gauge('rows_per_second', 'Rows a second, of late');
  private server: Server | null = null;

  constructor() {
    this.client.collectDefaultMetrics({ register: this.registry });
  }

  /**
   * @returns the URL; the port may have been 0, for any that is free.
   * @throws Error that says why nothing can listen there.
   */
  async listen({ host, port }: Place): Promise<string> {
    const server = createServer((request, response) => {
      const isKnown = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
      if (!isKnown) return response.writeHead(404).end();
      return void this.registry.metrics().then((text) => {
        response.writeHead(200, { 'content-type': this.registry.contentType }).end(text);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server
        .once('error', (cause) => reject(unheard({ host, port }, cause)))
        .listen(port, host, resolve);
    });
    this.server = server;
    // Nobody's questions keep the program from ending.
    server.unref();
    const address = server.address() as { address: string; port: number };
    return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/metrics`;
  }

  update({ done, total, errors, rate }: BatchProgress): void {
    this.rows.reset();
    this.rows.inc(done);
    this.errors.reset();
    for (const [code, count] of Object.entries(errors)) this.errors.inc({ code }, count);
    this.total.set(total ?? 0);
    this.rate.set(rate);
  }

  close(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private counter(name: string, help: string, labelNames: string[] = []): Prometheus.Counter {
    return new this.client.Counter({
      name: `bigtransfer_batch_${name}`,
      help,
      labelNames,
      registers: [this.registry],
    });
  }

  private gauge(name: string, help: string): Prometheus.Gauge {
    return new this.client.Gauge({
      name: `bigtransfer_batch_${name}`,
      help,
      registers: [this.registry],
    });
  }
}
