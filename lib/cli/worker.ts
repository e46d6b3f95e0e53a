// `bigtransfer worker`: takes parts of batch jobs from a queue, until it is told to stop.

import { type Command, Option } from 'commander';
import { DEFAULT_DEVICE, runWorker, type BatchWorkerEvent, type Device } from '../index';
import type { Context } from './context';
import { device, positiveInteger, redisUrl } from './options';
import { downloadBar } from './progress';
import { print } from './report';

interface Flags {
  queue: string;
  device: Device;
  threads?: number;
  concurrency?: number;
  name?: string;
  lock?: number;
  offline?: boolean;
  json?: boolean;
}

export function addWorker(program: Command, context: Context): void {
  program
    .command('worker')
    .description(
      'Do parts of the batch jobs on a queue, until Ctrl-C or SIGTERM; what is unfinished goes back',
    )
    .requiredOption('--queue <url>', 'where Redis is: redis://host:port', redisUrl)
    .addOption(
      new Option('--device <name>', 'auto, cpu, cuda, cuda:N or cuda:all')
        .default(DEFAULT_DEVICE)
        .argParser(device),
    )
    .option('--threads <n>', 'compute threads (default: all that there are)', positiveInteger)
    .option('--concurrency <n>', 'parts that are taken at once (default: 2)', positiveInteger)
    .option('--name <name>', 'what `status` calls it (default: host and process)')
    .option(
      '--lock <seconds>',
      'without a sign of life for so long, its parts go to others (default: 60)',
      positiveInteger,
    )
    .option('--offline', 'use models of the cache, download nothing')
    .option('--json', 'print each event as a line of JSON')
    .action((flags: Flags) => work(flags, context));
}

/** Containers and batch systems end their processes by SIGTERM: that is no failure. */
async function work(flags: Flags, { signal }: Context): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort(new Error('ended'));
  process.once('SIGTERM', end);
  const { queue, threads, concurrency, name, lock, offline } = flags;
  try {
    await runWorker({
      queue,
      device: flags.device,
      ...{ threads, concurrency, name },
      lockMs: lock === undefined ? undefined : 1000 * lock,
      localFilesOnly: offline,
      onProgress: downloadBar(),
      onWorkerEvent: (event) => void print(flags.json ? asJson(event) : inWords(event)),
      signal: AbortSignal.any([signal, ended.signal]),
    });
  } finally {
    process.off('SIGTERM', end);
  }
}

function asJson(event: BatchWorkerEvent): string {
  if (event.type !== 'failed') return JSON.stringify(event);
  const { message, code } = event.error as NodeJS.ErrnoException;
  return JSON.stringify({ ...event, error: { code, message } });
}

function inWords(event: BatchWorkerEvent): string {
  switch (event.type) {
    case 'ready':
      return `${event.name} waits for parts`;
    case 'lost':
      return 'the queue is gone; waiting for it';
    case 'back':
      return 'the queue is back';
  }
  const part = `part ${event.part} of ${event.output}`;
  switch (event.type) {
    case 'taken':
      return `${part}: begun`;
    case 'returned':
      return `${part}: given back`;
    case 'done':
      return `${part}: ${event.rows === null ? 'done by somebody else' : `${event.rows} rows`}`;
    case 'failed':
      return `${part}: failed: ${event.error.message}`;
  }
}
