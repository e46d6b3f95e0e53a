// Inputs that were listed from another folder than the one that they are read from.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { Table, writeParquet } from 'parquet-wasm/node';
import type { Listed } from '../../../lib/batch/inputs/listed';
import { openListed } from '../../../lib/batch/inputs/open';
import { ROOT, runScript } from '../../support/child';
import { temporaryFolder } from '../../support/temporary';

const base = temporaryFolder();

beforeAll(async () => {
  mkdirSync(join(base, 'sets'));
  writeFileSync(join(base, 'sets', 'beside.jpg'), 'picture');
  const archive = pack();
  archive.entry({ name: 'x/1.jpg' }, 'one');
  archive.entry({ name: '2.png' }, 'two');
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  writeFileSync(join(base, 'sets', 'all.tar'), Buffer.concat(chunks));
  const paths = ['beside.jpg', 'file:///3.jpg', 'elsewhere.jpg'];
  const table = tableFromArrays({ path: paths });
  const parquet = writeParquet(Table.fromIPCStream(tableToIPC(table, 'stream')));
  writeFileSync(join(base, 'sets', 'refs.parquet'), parquet);
});

async function open(...listed: Listed[]) {
  const found: { path: string; place?: string; image: unknown }[] = [];
  for await (const { path, place, image } of openListed(listed, { retries: 0, base }))
    found.push({ path, ...(place && { place }), image });
  return found;
}

test('single pictures are read from there, and called as they were given', async () => {
  const url = 'file:///a.jpg';
  expect(await open({ path: './a.jpg' }, { path: '/b.jpg' }, { path: url })).toEqual([
    { path: './a.jpg', place: join(base, 'a.jpg'), image: join(base, 'a.jpg') },
    { path: '/b.jpg', image: '/b.jpg' },
    { path: url, image: url },
  ]);
});

test.each(['sets/all.tar', './sets/all.tar'])('%s is read from there', async (path) => {
  const found = await open({ path, shard: 'tar' });
  expect(found.map((each) => [each.path, String(each.image)])).toEqual([
    [`${path}/x/1.jpg`, 'one'],
    [`${path}/2.png`, 'two'],
  ]);
});

test('pictures beside a Parquet file are found, and called as without another folder', async () => {
  // In a process of its own: jest does not import as the reader of Parquet does.
  const found = await runScript<[string, string][]>(`
    const { openListed } = require(${JSON.stringify(join(ROOT, 'dist', 'batch', 'inputs', 'open'))});
    const listed = [{ path: './sets/refs.parquet', shard: 'parquet' }];
    (async () => {
      const found = [];
      const options = { retries: 0, base: ${JSON.stringify(base)} };
      for await (const { path, image } of openListed(listed, options)) found.push([path, String(image)]);
      print(found);
    })();`);
  expect(found).toEqual([
    ['sets/beside.jpg', join(base, 'sets', 'beside.jpg')],
    ['file:///3.jpg', 'file:///3.jpg'],
    ['elsewhere.jpg', 'elsewhere.jpg'],
  ]);
  expect(readFileSync(found[0]?.[1] as string, 'utf8')).toBe('picture');
});

test('a shard that is not there is told of by its name, and by its place to whoever strips that', async () => {
  const [found] = await open({ path: 'sets/no.tar', shard: 'tar' });
  expect(found).toMatchObject({ path: 'sets/no.tar', place: join(base, 'sets', 'no.tar') });
  expect(String(found?.image)).toContain(`${join(base, 'sets', 'no.tar')}: no such file`);
});
