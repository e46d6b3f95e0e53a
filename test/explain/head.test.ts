// Rows of the head: each read once, and only those that are asked for.
import { HeadRows } from '../../lib/explain/head';

/** Of classes whose weights are `10 c, 10 c + 1` and whose bias is `-c`. */
function fakeSession() {
  const calls: [string, number[]][] = [];
  const parameterRows = (name: string, rows: number[]) => {
    calls.push([name, rows]);
    const values = name.endsWith('.weight')
      ? rows.flatMap((row) => [10 * row, 10 * row + 1])
      : rows.map((row) => -row);
    const shape = name.endsWith('.weight') ? [rows.length, 2] : [rows.length];
    return Promise.resolve({ dtype: 'float32' as const, shape, data: Float32Array.from(values) });
  };
  return { calls, parameterRows };
}

test('rows come once, in whatever order and however often they are asked for', async () => {
  const session = fakeSession();
  const head = new HeadRows(session);
  const rows = await head.of([7, 2, 7]);
  expect(rows.get(7)).toEqual({ weight: Float32Array.of(70, 71), bias: -7 });
  expect(rows.get(2)).toEqual({ weight: Float32Array.of(20, 21), bias: -2 });
  expect(session.calls).toEqual([
    ['classifier.1.weight', [7, 2]],
    ['classifier.1.bias', [7, 2]],
  ]);
  await head.of([2]);
  expect(session.calls).toHaveLength(2);
  expect((await head.of([2, 3])).get(3)).toEqual({ weight: Float32Array.of(30, 31), bias: -3 });
  expect(session.calls.slice(2)).toEqual([
    ['classifier.1.weight', [3]],
    ['classifier.1.bias', [3]],
  ]);
});
