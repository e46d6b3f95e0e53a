import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expectInputs, listInputs, type GivenInputs } from '../../../lib/batch/inputs/inputs';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
mkdirSync(join(folder, 'f'));
for (const name of ['f/a.jpg', 'f/b.tar']) writeFileSync(join(folder, name), '');
const f = join(folder, 'f');

async function list(given: GivenInputs, signal?: AbortSignal) {
  const found: object[] = [];
  for await (const each of listInputs(given, { withShards: true, withRepeats: true, signal }))
    found.push(each);
  return found;
}

const inFolder = [{ path: join(f, 'a.jpg') }, { path: join(f, 'b.tar'), shard: 'tar' }];

test('a path, and a list of them, are looked through', async () => {
  expect(await list({ inputs: f })).toEqual(inFolder);
  expect(await list({ inputs: [f, join(f, '*.jpg')] })).toEqual([...inFolder, inFolder[0]]);
  expect(await list({ inputs: [] })).toEqual([]);
});

test('those of other iterables are taken as they are, when their turn comes', async () => {
  const set = new Set([f, '*.jpg', 'x.tar', 'https://x.y/z.tar']);
  const asGiven = [{ path: f }, { path: '*.jpg' }, { path: 'x.tar', shard: 'tar' }];
  expect(await list({ inputs: set })).toEqual([...asGiven, { path: 'https://x.y/z.tar' }]);
  let given = 0;
  async function* endless() {
    for (;;) yield await Promise.resolve(`${given++}.jpg`);
  }
  for await (const each of listInputs(
    { inputs: endless() },
    { withShards: true, withRepeats: true },
  ))
    if ((each as { path: string }).path === '3.jpg') break;
  expect(given).toBe(4);
});

test('URLs are taken as their texts', async () => {
  const url = new URL('https://x.y/a%20b.jpg');
  const asText = [{ path: 'https://x.y/a%20b.jpg' }];
  expect(await list({ inputs: url })).toEqual(asText);
  expect(await list({ inputs: new Set([url]) })).toEqual(asText);
  expect(await list({ inputs: [url] })).toEqual(asText);
});

test('pictures in memory have the names that they are given', async () => {
  const image = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 };
  const named = { path: 'frame 1', image };
  const [first, second] = await list({ inputs: [named, 'a.jpg'] });
  expect(first).toBe(named);
  expect(second).toEqual({ path: 'a.jpg' });
});

test('a list comes after the inputs', async () => {
  const filesFrom = Readable.from([Buffer.from('x.jpg\ny.tar\n')]);
  const listed = [{ path: 'x.jpg' }, { path: 'y.tar', shard: 'tar' }];
  expect(await list({ inputs: f, filesFrom })).toEqual([...inFolder, ...listed]);
  expect(await list({ filesFrom: Readable.from(['x.jpg\n']) })).toEqual([listed[0]]);
});

test.each([[3], [null], [{ path: 'a.jpg' }], [{ path: 3, image: 'a.jpg' }], [undefined]])(
  'an input that is %j is refused where its turn comes',
  async (wrong) => {
    const inputs = ['a.jpg', wrong] as string[];
    await expect(list({ inputs })).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringContaining(
        'Expected a path, a URL or { path, image } for an input',
      ) as string,
    });
  },
);

test('what an iterable throws is thrown', async () => {
  const reason = new Error('unplugged');
  async function* failing(): AsyncGenerator<string> {
    yield await Promise.resolve('a.jpg');
    throw reason;
  }
  await expect(list({ inputs: failing() })).rejects.toBe(reason);
});

test('ends with the signal’s reason', async () => {
  const reason = new Error('enough');
  await expect(list({ inputs: f }, AbortSignal.abort(reason))).rejects.toBe(reason);
});

describe('expectInputs', () => {
  test('takes what can be gone through, or a list alone', () => {
    for (const inputs of ['a', [], ['a'], new Set(['a']), Readable.from([])])
      expect(() => expectInputs({ inputs })).not.toThrow();
    expect(() => expectInputs({ filesFrom: 'list.txt' })).not.toThrow();
  });

  test.each([[undefined], [null], [3], [{}], [Buffer.from('a')], [() => 'a']])(
    'refuses %p',
    (inputs) => {
      expect(() => expectInputs({ inputs: inputs as never })).toThrow('for inputs but received');
    },
  );
});
