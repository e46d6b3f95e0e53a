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

describe('resolveLabels makes of', () => {
  const classes = { problemType: 'single_label_classification' as const, numLabels: 3 };
  const many = { problemType: 'multi_label_classification' as const, numLabels: 3 };
  test.each([
    ['classes', [0, 2], none, BigInt64Array.of(0n, 2n), [2]],
    ['classes in rows, where they must be such', [[0], [2]], classes, [0n, 2n], [2, 1]],
    ['rows', [[0, 1, 0.5]], none, [0, 1, 0.5], [1, 3]],
    ['numbers of a problem that has no classes', [0.5, 1], many, [0.5, 1], [2]],
    ['nothing', [], none, [], [0]],
    ['rows of nothing', [[], []], none, [], [2, 0]],
  ])('%s the same values', (_, labels, config, values, shape) => {
    const tensor = resolveLabels(labels as number[], config).labels;
    expect([...tensor.data]).toEqual([...values]);
    expect(tensor.shape).toEqual(shape);
  });

  test('a tensor itself, whose type tells the problem', () => {
    const whole = Tensor.from(BigInt64Array.of(1n, 2n), [2]);
    const inferred = resolveLabels(whole, none);
    expect(inferred.labels).toBe(whole);
    expect(inferred.problemType).toBe('single_label_classification');
    const like = { data: Float32Array.of(1, 0, 1), dims: [1, 3] };
    expect(resolveLabels(like, none).problemType).toBe('multi_label_classification');
  });
});

describe('resolveLabels refuses', () => {
  test.each([
    ['ragged rows', [[1, 2], [1]]],
    ['fractions as classes', [0.5, 1]],
    ['a number among rows', [[1, 2], 3] as never],
    ['a row that is longer', [[1], [1, 2]]],
    // eslint-disable-next-line no-sparse-arrays -- that is what is tested
    ['a hole', [1, , 2] as never],
    // eslint-disable-next-line no-sparse-arrays -- that is what is tested
    ['a hole in a row', [[1, , 2]] as never],
    // eslint-disable-next-line no-sparse-arrays -- that is what is tested
    ['a hole for a row', [[1, 2], , [1, 2]] as never],
    ['numbers beyond those that are exact', [2 ** 53]],
    ['words', ['a'] as never],
    ['words in rows', [['a']] as never],
    ['a bare number', 3 as never],
  ])('%s', (_, labels) => {
    expect(() => resolveLabels(labels, none)).toThrow(
      expect.objectContaining({ code: 'ERR_BIT_SHAPE' }),
    );
  });
});

test.each<[unknown]>([[[1, [2]]], [[[1], 2]], [[[1, 2], [3]]], [[[1], []]]])(
  '%j are no rows of one length',
  (labels) => {
    expect(() => resolveLabels(labels as never, none)).toThrow(
      expect.objectContaining({
        code: 'ERR_BIT_SHAPE',
        message: expect.stringContaining('rows of equal length for labels') as string,
      }) as Error,
    );
  },
);
