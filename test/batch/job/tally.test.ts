import { addUp, TallyCounter, type Tally } from '../../../lib/batch/job/tally';
import type { BatchRow } from '../../../lib/batch/row';

const found = (label: string, score: number, path = label): BatchRow => ({
  path,
  predictions: [
    { label, score },
    { label: 'second', score: 0 },
  ],
});
const failed = (message: string): BatchRow => ({
  path: 'p',
  error: { code: 'ERR_BIT_IMAGE', message },
});

function tallyOf(rows: BatchRow[]): Tally {
  const counter = new TallyCounter();
  for (const row of rows) counter.add(row);
  return counter.tally;
}

test('the best label counts, and its score', () => {
  const { labels, scores } = tallyOf([
    found('a', 0),
    found('b', 0.5),
    found('a', 0.99),
    found('a', 1),
  ]);
  expect(labels).toEqual({ a: 3, b: 1 });
  expect([scores[0], scores[10], scores[19], scores.length]).toEqual([1, 1, 2, 20]);
  expect(scores.reduce((a, b) => a + b)).toBe(4);
});

test('logits below zero are in no bin, those above one in the last', () => {
  const { scores } = tallyOf([found('a', -3), found('a', 7)]);
  expect([scores[19], scores.reduce((a, b) => a + b)]).toEqual([1, 1]);
});

test('labels may be called as properties of every object are', () => {
  const { labels } = tallyOf([
    found('__proto__', 1),
    found('constructor', 1),
    found('__proto__', 1),
  ]);
  expect(Object.entries(labels)).toEqual([
    ['__proto__', 2],
    ['constructor', 1],
  ]);
  expect(Object.entries(addUp([tallyOf([found('__proto__', 1)])]).labels)).toEqual([
    ['__proto__', 1],
  ]);
});

test('reasons count; of more than fifty the others together', () => {
  const rows = Array.from({ length: 60 }, (_, i) => failed(`reason ${i}`));
  const { reasons } = tallyOf([...rows, failed('reason 3')]);
  expect(Object.keys(reasons)).toHaveLength(51);
  expect([reasons['reason 3'], reasons['other reasons']]).toEqual([2, 10]);
});

test('a few rows are kept: any of those with results, the first with errors', () => {
  const rows = Array.from({ length: 40 }, (_, i) => [
    found('a', 1, `p${i}`),
    failed(`no ${i}`),
  ]).flat();
  const kept = new Set<string>();
  for (let time = 0; time < 200; time++) {
    const { samples } = tallyOf(rows);
    const results = samples.filter(({ problem }) => problem === undefined);
    expect(results).toHaveLength(4);
    expect(new Set(results.map(({ path }) => path)).size).toBe(4);
    for (const { path } of results) kept.add(path);
    expect(samples.flatMap(({ problem }) => problem ?? [])).toEqual([
      'no 0',
      'no 1',
      'no 2',
      'no 3',
    ]);
  }
  expect(kept.size).toBe(40);
});

test('embeddings have neither label nor score', () => {
  const tally = tallyOf([{ path: 'p', embedding: new Float32Array(2) }]);
  expect(tally).toMatchObject({ labels: {}, samples: [{ path: 'p' }] });
});

test('several are added up', () => {
  const sum = addUp([tallyOf([found('a', 0.1)]), tallyOf([found('a', 0.1), failed('x')])]);
  expect(sum).toMatchObject({ labels: { a: 2 }, reasons: { x: 1 } });
  expect(sum.scores[2]).toBe(2);
  expect(sum.samples).toHaveLength(3);
});
