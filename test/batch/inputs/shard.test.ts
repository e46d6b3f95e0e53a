import { shardProblem } from '../../../lib/batch/inputs/shard';

test.each<[string, unknown, string]>([
  ['words of ours', 'it has no rows', 'it has no rows'],
  ['an error', new Error('unplugged'), 'unplugged'],
  ['a missing file', Object.assign(new Error('x'), { code: 'ENOENT' }), 'no such file'],
  ['a folder', Object.assign(new Error('x'), { code: 'EISDIR' }), 'it is a folder'],
  ['permission', Object.assign(new Error('x'), { code: 'EACCES' }), 'no permission to read it'],
])('%s', (_, cause, why) => {
  const error = shardProblem('a.tar', cause);
  expect(error).toMatchObject({ name: 'BitError', code: 'ERR_BIT_IMAGE' });
  expect(error.message).toBe(`Cannot read all of the shard a.tar: ${why}`);
  expect(error.cause).toBe(typeof cause === 'string' ? undefined : cause);
});

test('a long path is shown in part', () => {
  const { message } = shardProblem('x'.repeat(10_000), 'it is empty');
  expect(message.length).toBeLessThan(400);
});
