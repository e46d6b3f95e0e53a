import { rank } from '../../lib/pipelines/scores';
import { BitConfig } from '../../lib/models/bit_config';
import { Tensor } from '../../lib/tensor';

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

  test('stays finite for large logits', () => {
    const [row] = rank(Tensor.from(Float32Array.of(1e4, -1e4, 0), [1, 3]), new BitConfig(three), 1);
    expect(row).toEqual([{ label: 'a', score: 1 }]);
  });
});
