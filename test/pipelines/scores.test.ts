import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { functionToApply, rank, type FunctionToApply } from '../../lib/pipelines/scores';
import { BitConfig } from '../../lib/models/bit_config';
import { Tensor } from '../../lib/tensor';
import { REFERENCE } from '../support/reference';

const three = { id2label: { 0: 'a', 1: 'b', 2: 'c' }, label2id: { a: 0, b: 1, c: 2 } };
const logits = Tensor.from(Float32Array.of(0, Math.log(2), Math.log(5)), [1, 3]);

describe('rank', () => {
  test('softmax over several labels, best first', () => {
    const [row] = rank(logits, new BitConfig(three), 2);
    expect(row?.map(({ label }) => label)).toEqual(['c', 'b']);
    expect(row?.[0]?.score).toBeCloseTo(5 / 8, 6);
    expect(row?.[1]?.score).toBeCloseTo(2 / 8, 6);
  });

  test('sigmoid for a multi-label model', () => {
    const config = new BitConfig({ ...three, problemType: 'multi_label_classification' });
    expect(rank(logits, config, 3)[0]?.[2]).toEqual({ label: 'a', score: 0.5 });
  });

  test('sigmoid for a model of one label, of which softmax would always be 1', () => {
    const config = new BitConfig({ id2label: { 0: 'a' }, label2id: { a: 0 } });
    const [[only] = []] = rank(Tensor.from(Float32Array.of(Math.log(3)), [1, 1]), config, 1);
    expect(only?.score).toBeCloseTo(3 / 4, 6);
  });

  test('stays finite for large logits', () => {
    const [row] = rank(Tensor.from(Float32Array.of(1e4, -1e4, 0), [1, 3]), new BitConfig(three), 1);
    expect(row).toEqual([{ label: 'a', score: 1 }]);
  });
});

/** test/reference/make_scores.py; an answer of null is an error. */
interface Row {
  config: Record<string, unknown>;
  logits: number[];
  function_to_apply: FunctionToApply | null;
  top_k: number | null;
  answer: [string, number][] | null;
}
const DEFAULT_TOP_K = 5;
const file = readFileSync(join(REFERENCE, 'scores.json'), 'utf8');
const { rows } = JSON.parse(file) as { rows: Row[] };
const named = rows.map((row) => ({ ...row, settings: JSON.stringify(row.config) }));

test.each(named)("transformers' $function_to_apply, $settings, top $top_k", (row) => {
  expect(functionToApply.test(row.function_to_apply)).toBe(row.answer !== null);
  if (row.answer === null) return;
  const config = BitConfig.fromJSON(row.config) as BitConfig;
  const values = Tensor.from(Float32Array.from(row.logits), [1, row.logits.length]);
  const [answer] = rank(values, config, row.top_k ?? DEFAULT_TOP_K, row.function_to_apply);
  expect(answer?.map(({ label }) => label)).toEqual(row.answer.map(([label]) => label));
  for (const [i, [, score]] of row.answer.entries())
    expect(Math.abs((answer?.[i]?.score as number) - score)).toBeLessThan(1e-6);
});

test('without labels the config may name the function', () => {
  const config = (own: string) =>
    BitConfig.fromJSON({ num_labels: 0, function_to_apply: own }) as BitConfig;
  const score = (own: string) => rank(logits, config(own), 1)[0]?.[0]?.score;
  expect(score('none')).toBeCloseTo(Math.log(5), 6);
  expect(score('sigmoid')).toBeCloseTo(5 / 6, 6);
  expect(() => score('tanh')).toThrow(/function_to_apply but received 'tanh'/);
});
