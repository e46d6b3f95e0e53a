// `bigtransfer worker`: how it is started and ended, and what it prints.
import { join } from 'node:path';
import { batchStatus, enqueueBatch } from '../../lib';
import { runNode } from '../support/child';
import { TestQueue, until } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { bigtransfer, PICTURES, ROOT } from './run';

const queue = new TestQueue();
const folder = temporaryFolder();
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

/** A worker that does a job and is then sent a signal. */
async function worker(output: string, signal: NodeJS.Signals, ...flags: string[]) {
  return runNode([MAIN, 'worker', '--queue', queue.url, ...flags], {
    during: (child) => {
      const options = { inputs: [PICTURES, 'no.jpg'], output, partSize: 2, queue: queue.url };
      void enqueueBatch(options).then(() => child.kill(signal));
    },
  });
}

test('does parts until SIGTERM, which is no failure, and says so line by line', async () => {
  const output = join(folder, 'rows');
  const { code, stdout } = await worker(output, 'SIGTERM', '--name', 'one', '--concurrency', '1');
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n')).toEqual([
    'one waits for parts',
    `part 0 of ${output}: begun`,
    `part 0 of ${output}: 2 rows`,
    `part 1 of ${output}: begun`,
    `part 1 of ${output}: 2 rows`,
  ]);
});

test('prints events as lines of JSON, and ends by Ctrl-C', async () => {
  const output = join(folder, 'json');
  const flags = ['--name', 'two', '--concurrency', '1', '--lock', '2', '--threads', '1', '--json'];
  const { code, stdout } = await worker(output, 'SIGINT', ...flags);
  expect(code).toBe(0);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(events.slice(0, 3)).toEqual([
    { type: 'ready', name: 'two' },
    { type: 'taken', output, part: 0 },
    { type: 'done', output, part: 0, rows: 2 },
  ]);
});

test('tells why a part fails', async () => {
  const gone = join(folder, 'gone');
  const ticket = {
    output: gone,
    job: 'x',
    part: 0,
    base: '/',
    model: 'm',
    retries: 0,
    running: {},
  };
  await queue.parts.add([ticket]);
  const { stdout } = await runNode([MAIN, 'worker', '--queue', queue.url, '--json'], {
    during: (child) =>
      void until('it has failed', async () => (await queue.counts())['delayed'] === 1).then(() =>
        child.kill('SIGTERM'),
      ),
  });
  const failed = stdout.split('\n').find((line) => line.includes('failed')) as string;
  expect(JSON.parse(failed)).toMatchObject({
    type: 'failed',
    part: 0,
    error: { code: 'ERR_BIT_OUTPUT', message: expect.stringContaining(gone) as string },
  });
});

test('ends in time, and wholly, while Redis is away', async () => {
  const { code, stdout } = await runNode([MAIN, 'worker', '--queue', queue.url], {
    during: (child) => {
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('the queue is gone')) child.kill('SIGTERM');
        else if (text.includes('waits for parts')) void queue.server.stop();
      });
    },
  });
  await queue.server.start();
  expect(code).toBe(0);
  expect(stdout).toContain('the queue is gone; waiting for it');
  expect((await batchStatus({ queue: queue.url })).jobs).toEqual([]);
});

test.each([
  [[], "required option '--queue <url>' not specified", 2],
  [['--queue', 'redis://x', '--device', 'gpu'], 'Expected auto, cpu, cuda, cuda:N or cuda:all', 2],
  [['--queue', 'redis://x', '--lock', '0'], 'Expected a positive integer', 2],
  [['--queue', 'x'], 'Expected redis://host:port', 2],
])('refuses %j', async (flags, message, code) => {
  const outcome = await bigtransfer(['worker', ...flags]);
  expect(outcome.stderr).toContain(message);
  expect(outcome.code).toBe(code);
});
