import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { Table, writeParquet } from 'parquet-wasm/node';
import type { Listed } from '../../../lib/batch/inputs/listed';
import { openListed } from '../../../lib/batch/inputs/open';
import type { Picture } from '../../../lib/batch/inputs/picture';
import { BitError } from '../../../lib/errors';
import { HeldImage } from '../../../lib/image/input';
import { BATCH, expectedShards } from '../../support/shards';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();

async function open(listed: Listed[], options: { column?: string; retries?: number } = {}) {
  const pictures: Picture[] = [];
  for await (const each of openListed(listed, { retries: 0, ...options })) pictures.push(each);
  return pictures;
}

test('paths are as they are, problems are errors, and shards give their pictures', async () => {
  const tar = join(BATCH, 'several.tar');
  const parquet = join(BATCH, 'dotted.parquet');
  const data = 'data:image/png;base64,AAAA';
  const pictures = await open(
    [
      { path: 'a.jpg' },
      { path: tar, shard: 'tar' },
      { path: 'lost.jpg', problem: 'this link leads nowhere' },
      { path: parquet, shard: 'parquet' },
      { path: data },
    ],
    { column: 'data.image' },
  );
  expect(pictures.map(({ path }) => path)).toEqual([
    'a.jpg',
    ...['7.left.png', '7.right.png', '7.mask.png'].map((name) => `${tar}/${name}`),
    'lost.jpg',
    `${parquet}/0`,
    `${parquet}/1`,
    data,
  ]);
  expect(pictures[0]?.image).toBe('a.jpg');
  expect(pictures[4]?.image).toEqual(new BitError('ERR_BIT_IMAGE', 'this link leads nowhere'));
  expect(pictures[7]?.image).toBe(data);
});

test('a shard that cannot be read is one row, and what follows it comes', async () => {
  const pictures = await open([
    { path: 'gone.tar', shard: 'tar' },
    { path: 'gone.parquet', shard: 'parquet' },
    { path: 'a.jpg' },
  ]);
  expect(pictures.map(({ path, image }) => [path, image instanceof BitError])).toEqual([
    ['gone.tar', true],
    ['gone.parquet', true],
    ['a.jpg', false],
  ]);
});

test('things are opened as they are taken', async () => {
  let listed = 0;
  async function* listing(): AsyncGenerator<Listed> {
    for (; listed < 9; listed++) yield await Promise.resolve({ path: `${listed}.jpg` });
  }
  for await (const { path } of openListed(listing(), { retries: 0 })) {
    if (path === '2.jpg') break;
  }
  expect(listed).toBe(2);
});

test('the signal ends a shard', async () => {
  const path = join(folder, 'web.tar');
  copyFileSync(join(BATCH, 'webdataset.tar'), path);
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  const run = openListed([{ path, shard: 'tar' }], { retries: 0, signal }).next();
  await expect(run).rejects.toBe(reason);
  expect(expectedShards['webdataset.tar']).toHaveLength(4);
});

describe('URLs are asked for again, also those of Parquet files', () => {
  let server: Server;
  let url = '';
  let asked: string[] = [];
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
    'base64',
  );
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (asked.length % 2 === 1) response.writeHead(503).end();
      else response.end(png);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
  });
  beforeEach(() => (asked = []));
  afterAll(() => server.close());

  test.each(['list', 'parquet'])('%s', async (kind) => {
    const path = join(folder, 'urls.parquet');
    const table = tableFromArrays({ url: [url] });
    writeFileSync(path, writeParquet(Table.fromIPCStream(tableToIPC(table, 'stream'))));
    const given: Listed = kind === 'list' ? { path: url } : { path, shard: 'parquet' };
    const [picture] = await open([given], { retries: 1 });
    expect(picture?.path).toBe(url);
    expect(picture?.image).toBeInstanceOf(HeldImage);
    const readable = await (picture?.image as HeldImage).read();
    expect('encoded' in readable && Buffer.from(readable.encoded).equals(png)).toBe(true);
    expect(asked).toHaveLength(2);
  });
});
