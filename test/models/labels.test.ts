import { resolveLabels } from '../../lib/models/labels';
import { Tensor } from '../../lib/tensor';

const none = { problemType: null, numLabels: 3 };

describe('resolveLabels infers the problem as transformers does', () => {
  test('whole numbers are classes', () => {
    const { labels, problemType } = resolveLabels([0, 2], none);
    expect(problemType).toBe('single_label_classification');
    expect(labels.dtype).toBe('int64');
  });

  test('rows, and float32 tensors, are probabilities', () => {
    const rows = resolveLabels(
      [
        [0, 1, 0],
        [1, 0, 1],
      ],
      none,
    );
    expect(rows.problemType).toBe('multi_label_classification');
    expect(rows.labels.shape).toEqual([2, 3]);
    const floats = Tensor.from(new Float32Array(3), [1, 3]);
    expect(resolveLabels(floats, none).problemType).toBe('multi_label_classification');
  });

  test('one label is regression', () => {
    const { labels, problemType } = resolveLabels([0.5, 2], { problemType: null, numLabels: 1 });
    expect(problemType).toBe('regression');
    expect(labels.dtype).toBe('float32');
  });

  test('without a head every feature is a label', () => {
    const config = { problemType: null, numLabels: 0 };
    const classes = Tensor.from(BigInt64Array.of(1n), [1]);
    expect(resolveLabels(classes, config).problemType).toBe('multi_label_classification');
  });

  test("the config's problem type wins", () => {
    const config = { problemType: 'regression' as const, numLabels: 3 };
    expect(resolveLabels([[1, 2, 3]], config).problemType).toBe('regression');
  });
});

describe('resolveLabels refuses', () => {
  test.each([
    ['ragged rows', [[1, 2], [1]]],
    ['fractions as classes', [0.5, 1]],
    ['words', ['a'] as never],
    ['a bare number', 3 as never],
  ])('%s', (_, labels) => {
    expect(() => resolveLabels(labels, none)).toThrow(
      expect.objectContaining({ code: 'ERR_BIT_SHAPE' }),
    );
  });
});
