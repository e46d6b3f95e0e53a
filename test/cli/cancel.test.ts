// `bigtransfer cancel`.
import { join } from 'node:path';
import { enqueueBatch } from '../../lib';
import { failure, TestQueue, until } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { bigtransfer, PICTURES } from './run';

const queue = new TestQueue();
const output = join(temporaryFolder(), 'out');
const cancel = () => bigtransfer(['cancel', output, '--queue', queue.url]);

test('takes a job off its queue, and says so where there is none', async () => {
  const watched = enqueueBatch({ inputs: PICTURES, output, queue: queue.url });
  watched.catch(() => undefined);
  await until('it is on the queue', async () => (await queue.counts())['waiting'] === 1);
  expect(await cancel()).toMatchObject({ code: 0, stdout: `${output} is off the queue\n` });
  expect(await failure(watched)).toContain('ERR_BIT_QUEUE');
  const { code, stderr } = await cancel();
  expect([code, stderr]).toEqual([1, expect.stringContaining(`There is no job of ${output}`)]);
});
