// Short runs of the programs beside this file; npm scripts run them in full.
import { join } from 'node:path';
import { ROOT, runProgram } from '../support/child';

const TIMEOUT_MS = 5 * 60_000;

/** What the program prints; rejects where a promise does not hold. */
async function run(name: string, args: string[]): Promise<Record<string, unknown>> {
  const program = join(__dirname, name);
  const { stdout } = await runProgram(process.execPath, ['--expose-gc', program, ...args], {
    cwd: ROOT,
    timeout: TIMEOUT_MS,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Record<string, unknown>;
}

test(
  'load: every one of 1,000 calls at once is answered rightly, or refused by a full queue',
  async () => {
    const figures = await run('load.js', ['--calls', '1000', '--rounds', '1', '--side', '64']);
    console.log('load', figures);
    const { answered, overloaded } = figures['bounded'] as Record<string, number>;
    expect((answered as number) + (overloaded as number)).toBe(1000);
    expect(overloaded).toBeGreaterThan(0);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'soak: memory stays flat and no handles are left',
  async () => {
    const figures = await run('soak.js', ['--calls', '1600']);
    console.log('soak', figures);
    for (const kind of ['answered', 'refused', 'stopped']) expect(figures[kind]).toBeGreaterThan(0);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'kill: workers and processes end at random moments, and what is left goes on',
  async () => {
    const figures = await run('kill.js', ['--times', '16']);
    console.log('kill', figures);
    expect(figures['wrong']).toEqual([]);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'event loop: it turns while inference has all cores',
  async () => {
    // The figure of the promise needs a quiet machine: `npm run bench:event-loop`.
    const figures = await run('event_loop.js', ['--seconds', '3', '--most', '100']);
    console.log('event loop', figures);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'queue: each input ends as one row, whatever befalls workers and Redis',
  async () => {
    const figures = await run('queue.js', ['--rounds', '1']);
    console.log('queue', figures);
    expect(figures).toMatchObject({ rounds: 1, failures: [], broken: [] });
  },
  TIMEOUT_MS,
);

test(
  'batch kill: a job that ends at random moments comes to the rows of an undisturbed one',
  async () => {
    const figures = await run('batch_kill.js', ['--times', '4', '--inputs', '40']);
    console.log('batch kill', figures);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'train kill: a run that ends at random moments comes to the weights and losses of an undisturbed one',
  async () => {
    const figures = await run('train_kill.js', ['--times', '3']);
    console.log('train kill', figures);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'batch disk full: a job names the full disk, and goes on with space again',
  async () => {
    const figures = await run('disk_full.js', []);
    expect(figures['broken']).toEqual([]);
  },
  TIMEOUT_MS,
);
