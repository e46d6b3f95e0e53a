// Files of all kinds, some broken in all the ways that they are.
import { readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batch, pipeline, type BatchRow } from '../../lib';
import { temporaryFolder, writtenRows } from '../support/jobs';

/** What makes the files, as a program beside other trials. */
interface MixedSet {
  makeMixedSet(folder: string, count: number): Promise<{ path: string; isSound: boolean }[]>;
}
const COUNT = 2000;
const PART_SIZE = 150;

test('each of 2,000 files is one row: a result, or what is wrong with it', async () => {
  const folder = temporaryFolder();
  const { makeMixedSet } = jest.requireActual<MixedSet>('../reliability/mixed_set.js');
  const set = await makeMixedSet(join(folder, 'set'), COUNT);
  const list = join(folder, 'list.txt');
  writeFileSync(list, set.map(({ path }) => path).join('\n'));
  // Files that vanish while the job runs; far behind those that are under way by then.
  const vanished = set.filter(({ isSound }, at) => isSound && at > 500 && at % 97 === 0);
  const output = join(folder, 'out');
  const rows: BatchRow[] = [];
  for await (const row of batch({ filesFrom: list, output, partSize: PART_SIZE, topK: 1 })) {
    if (rows.length === 10) for (const { path } of vanished) unlinkSync(path);
    rows.push(row);
  }
  expect(writtenRows(output)).toEqual(rows.map((row) => JSON.stringify(row)));
  expect(rows.map(({ path }) => path)).toEqual(set.map(({ path }) => path));
  const isGone = new Set(vanished.map(({ path }) => path));
  const expected = set.map(({ path, isSound }) =>
    isSound && !isGone.has(path) ? 'result' : 'error',
  );
  const unexpected = rows.filter((row, at) => (row.error ? 'error' : 'result') !== expected[at]);
  expect(unexpected).toEqual([]);
  for (const { error } of rows)
    if (error)
      expect(error).toEqual({
        code: 'ERR_BIT_IMAGE',
        message: expect.stringMatching(/\w{4}/) as string,
      });

  // Those that are well have what they have alone.
  const classify = await pipeline('image-classification');
  for (const { path, predictions } of rows.filter((_, at) => at % 50 === 0))
    if (predictions) expect(predictions).toEqual(await classify(path, { topK: 1 }));
  await classify.dispose();
  const manifest = JSON.parse(readFileSync(join(output, '_manifest.json'), 'utf8')) as object;
  const failed = rows.filter(({ error }) => error).length;
  expect(manifest).toMatchObject({ rows: COUNT, errors: { ERR_BIT_IMAGE: failed } });
  rmSync(folder, { recursive: true, force: true });
}, 180_000);
