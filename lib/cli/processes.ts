// `bigtransfer finetune --processes N`: the other processes, which this one starts and is rank 0 of.

import { spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BitError, type FineTuneOptions } from '../index';
import { EXIT } from './context';

const MAIN = join(__dirname, 'main.js');
const HERE = '127.0.0.1';
/** How long the reason may take to get here by the processes' own connection. */
const REASON_MS = 1000;
/** How long those that are told to end may take. */
const END_MS = 10_000;
/** Of what a process says, for its end. */
const MOST_LETTERS = 4000;

/** What a process says is told by rank 0 alone, wherever it was started. */
export const isFirst = () =>
  Number(process.env['WORLD_SIZE'] ?? 1) < 2 || Number(process.env['RANK'] ?? 0) === 0;

interface Other {
  child: ChildProcess;
  said: string;
  /** How it ended, in words; null where that was as it should be. */
  end: Promise<string | null>;
}

export class Processes {
  private readonly others: Other[] = [];
  private readonly crashed = new AbortController();

  /** @param args of the program, as the others are to be given them. */
  constructor(
    private readonly count: number,
    private readonly args: readonly string[],
  ) {}

  /** Of rank 0. The others start as soon as it listens. */
  optionsFor(options: FineTuneOptions): FineTuneOptions {
    const { signal, threads = share(this.count) } = options;
    const signals = [this.crashed.signal, ...(signal ? [signal] : [])];
    return {
      ...options,
      threads,
      signal: AbortSignal.any(signals),
      distributed: {
        ...options.distributed,
        ...{
          rank: 0,
          worldSize: this.count,
          ...{ localRank: 0, localWorldSize: this.count },
          masterAddr: HERE,
          masterPort: 0,
        },
        onListening: (port) => this.start(port),
      },
    };
  }

  /** Waits for all to end, and ends those that do not. @returns what the ends of those that crashed were, in words. */
  async ended(): Promise<string[]> {
    const late = new Set<Other>();
    const kill = (other: Other) => other.child.kill('SIGKILL') && late.add(other);
    const limit = setTimeout(() => this.others.forEach(kill), END_MS);
    const ends = await Promise.all(this.others.map(({ end }) => end));
    clearTimeout(limit);
    return ends.filter((end, i) => end !== null && !late.has(this.others[i] as Other)) as string[];
  }

  private start(port: number): void {
    for (let rank = 1; rank < this.count; rank++) {
      const env = {
        ...process.env,
        ...{ RANK: String(rank), LOCAL_RANK: String(rank) },
        ...{ WORLD_SIZE: String(this.count), LOCAL_WORLD_SIZE: String(this.count) },
        ...{ MASTER_ADDR: HERE, MASTER_PORT: String(port) },
      };
      const child = spawn(process.execPath, [...process.execArgv, MAIN, ...this.args], {
        env,
        // By the channel it notices the end of this process, however early that is.
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      this.others.push(this.watch(rank, child));
    }
  }

  private watch(rank: number, child: ChildProcess): Other {
    const other: Other = { child, said: '', end: Promise.resolve(null) };
    child.stderr?.on('data', (chunk: Buffer) => {
      other.said = (other.said + chunk.toString()).slice(-MOST_LETTERS);
    });
    other.end = new Promise((resolve) => {
      child.once('error', ({ message }) => resolve(`rank ${rank} does not start: ${message}`));
      child.once('close', (code, signal) => resolve(endInWords(rank, code, signal, other.said)));
    });
    void other.end.then((end) => {
      if (end !== null) setTimeout(() => this.giveUp(end), REASON_MS).unref();
    });
    return other;
  }

  /** Before all are there nobody but this one notices that somebody has ended. */
  private giveUp(end: string): void {
    this.crashed.abort(new BitError('ERR_BIT_TRAINING', `A process has ended: ${end}`));
  }
}

const share = (count: number) => Math.max(1, Math.floor(availableParallelism() / count));

/** Null where it came to its end, or was told to: all that it says of itself, rank 0 knows. */
function endInWords(
  rank: number,
  code: number | null,
  signal: NodeJS.Signals | null,
  said: string,
): string | null {
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  if (signal !== null) return signal === 'SIGINT' ? null : `rank ${rank} was ended by ${signal}`;
  if (code === 0 || said.includes('code: ERR_BIT_') || code === EXIT.interrupted) return null;
  return `rank ${rank} has ended with exit code ${code}${last && `: ${last}`}`;
}

/** Of a process that another one has started with {@link Processes}: aborts once that one is gone. */
export function starterSignal(): AbortSignal {
  const controller = new AbortController();
  const reason = new BitError('ERR_BIT_TRAINING', 'Rank 0, which started this process, is gone');
  process.once('disconnect', () => controller.abort(reason));
  process.channel?.unref();
  return controller.signal;
}

/** Without `--processes`, which is for whoever starts the others. */
export function withoutProcesses(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') return [...kept, ...args.slice(i)];
    if (arg === '--processes') i++;
    else if (!arg.startsWith('--processes=')) kept.push(arg);
  }
  return kept;
}
