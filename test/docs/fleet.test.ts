// The commands of the guide to batch jobs that need Redis, as they are written but for its port.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writtenRows } from '../support/jobs';
import { RedisServer } from '../support/redis_server';
import { ROOT, runProgram } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const QUEUE = 'redis://127.0.0.1:6379';
const folder = temporaryFolder();
const redis = new RedisServer();

beforeAll(() => redis.start());
afterAll(() => redis.remove());

/** Lines of the guide that name our queue. */
const lines = readFileSync(join(ROOT, 'docs', 'batch.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('npx bigtransfer') && line.includes(`--queue ${QUEUE}`));

/** For a shell that becomes the program, so that a signal reaches it. */
function scriptOf(line: string): string {
  const program = `"${process.execPath}" "${join(ROOT, 'dist', 'cli', 'main.js')}"`;
  return `exec ${line.replace('npx bigtransfer', program).replace(QUEUE, redis.url)}`;
}

const run = (line: string) => runProgram('/bin/bash', ['-c', scriptOf(line)], { cwd: folder });

test('workers do a job, and status shows it', async () => {
  cpSync(join(ROOT, 'examples', 'pictures'), join(folder, 'photos'), {
    recursive: true,
    filter: (path) => !path.endsWith('.md'),
  });
  const [worker, batch, status] = lines as [string, string, string];
  expect(lines.map((line) => line.split(' ')[2])).toEqual(['worker', 'batch', 'status']);
  const workers: ChildProcess[] = [1, 2].map(() =>
    spawn('/bin/bash', ['-c', scriptOf(worker)], { cwd: folder, stdio: 'ignore' }),
  );
  const ended = workers.map((each) => new Promise((resolve) => each.once('exit', resolve)));
  const { stdout } = await run(batch);
  expect(stdout).toBe('fleet: 3 rows\n');
  const paths = writtenRows(join(folder, 'fleet')).map(
    (row) => (JSON.parse(row) as { path: string }).path,
  );
  expect(paths).toEqual(['photos/boat.jpg', 'photos/cat.jpg', 'photos/coffee.jpg']);
  expect((await run(status)).stdout).toContain('worker');
  for (const each of workers) each.kill('SIGTERM');
  expect(await Promise.all(ended)).toEqual([0, 0]);
});
