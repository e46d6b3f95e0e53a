import { CSV } from '../../../lib/batch/outputs/csv';
import type { BatchRow } from '../../../lib/batch/row';
import { failed, FEATURES, featureRows, filesOf, LABELS, labelRows } from '../../support/rows';

/** By the grammar of RFC 4180, 2; a line break of any kind outside of quotes ends a line. */
function parsed(file: Buffer | undefined): string[][] {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;
  const text = String(file);
  const lines: string[][] = [[]];
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (!match) throw new Error(`not by the grammar from ${cell.lastIndex}`);
    const [, quoted, plain = '', end] = match;
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') lines.push([]);
  }
  if (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

const ERROR = ['ERR_BIT_IMAGE', 'Cannot read: no such file, or "gone"'];

test('labels and scores, best first, whatever is in their names', async () => {
  const [file] = await filesOf(CSV, LABELS, labelRows);
  const [names, ...lines] = parsed(file);
  expect(names).toEqual([
    'path',
    'label_1',
    'score_1',
    'label_2',
    'score_2',
    'error_code',
    'error_message',
  ]);
  expect(lines).toEqual(
    labelRows.map(({ path, predictions, error }) =>
      predictions
        ? [path, ...predictions.flatMap(({ label, score }) => [label, String(score)]), '', '']
        : [path, '', '', '', '', error?.code, error?.message],
    ),
  );
});

test('embeddings, a cell for each number, which come back as they were', async () => {
  const [file] = await filesOf(CSV, FEATURES, featureRows);
  const [names, ...lines] = parsed(file);
  expect(names).toEqual(['path', 'e0', 'e1', 'e2', 'error_code', 'error_message']);
  expect(lines).toHaveLength(featureRows.length);
  lines.forEach(([path, ...cells], at) => {
    const { embedding, path: given } = featureRows[at] as BatchRow;
    expect(path).toBe(given);
    if (!embedding) expect(cells).toEqual(['', '', '', ...ERROR]);
    else expect(Float32Array.from(cells.slice(0, 3).map(Number))).toEqual(embedding);
  });
});

test('a row with fewer labels has empty cells', async () => {
  const row = { path: 'a', predictions: [{ label: 'x', score: 0.5 }] };
  const [file] = await filesOf(CSV, { ...LABELS, width: 3 }, [row]);
  expect(parsed(file)[1]).toEqual(['a', 'x', '0.5', '', '', '', '', '', '']);
});

test('lines end as the RFC has them', async () => {
  const [file] = await filesOf(CSV, { ...LABELS, width: 1 }, [failed('a')]);
  expect(String(file)).toBe(
    'path,label_1,score_1,error_code,error_message\n' +
      'a,,,ERR_BIT_IMAGE,"Cannot read: no such file, or ""gone"""\n',
  );
});

test('no rows are the names of the columns', async () => {
  const [file] = await filesOf(CSV, { ...FEATURES, width: 1 }, []);
  expect(String(file)).toBe('path,e0,error_code,error_message\n');
});
