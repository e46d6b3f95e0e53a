import { Regression } from '../../../lib/training/evaluation/regression';
import { close, labels, MEASURED } from '../../support/evaluation';

const expected = MEASURED.regression;

function measured() {
  const measures = new Regression(labels(3));
  expected.target.forEach((target, i) =>
    measures.add({ path: `${i}.png`, target, scores: Float32Array.from(expected.predicted[i]!) }),
  );
  return measures.result();
}

test('scikit-learn and statsmodels measure the same', () => {
  const { perValue, ...rest } = measured();
  expect(rest).toMatchObject({
    problemType: 'regression',
    examples: expected.target.length,
    mae: close(expected.mae),
    interval: close(expected.interval),
    rmse: close(expected.rmse),
    r2: close(expected.r2),
    loss: close(expected.loss),
    lossInterval: close(expected.loss_interval),
  });
  for (const key of ['mae', 'rmse', 'r2'] as const)
    expect(perValue.map((each) => each[key])).toEqual(close(expected.per_value[key]));
  expect(perValue[2]).toMatchObject({ label: 'LABEL_2', r2: null });
});

describe('by hand', () => {
  const of = (...examples: [target: number | number[], score: number][]) => {
    const measures = new Regression(['age']);
    examples.forEach(([target, score], i) =>
      measures.add({ path: `${i}.png`, target, scores: [score] }),
    );
    return measures;
  };

  test('one value may stand without a list', () => {
    const { perValue, mae, rmse, loss } = of([3, 4], [[5], 2]).result();
    expect(perValue).toEqual([{ label: 'age', mae: 2, rmse: Math.sqrt(5), r2: 1 - 10 / 2 }]);
    expect([mae, rmse, loss]).toEqual([2, Math.sqrt(5), 5]);
  });

  test('large targets that hardly vary are explained as small ones are', () => {
    const far = of([1e9 + 1, 1e9 + 1], [1e9 + 2, 1e9 + 2], [1e9 + 3, 1e9 + 4]).result();
    expect(far.r2).toBe(0.5);
  });

  test('the worst mistakes are those that are farthest off; what is right is none', () => {
    const { mistakes } = of([3, 4], [3, 3], [-3, 4]).result();
    expect(mistakes).toEqual([
      { path: '2.png', target: [-3], predicted: [4], error: 7 },
      { path: '0.png', target: [3], predicted: [4], error: 1 },
    ]);
  });

  test('no examples have no measures, one no interval', () => {
    const nothing = { mae: null, rmse: null, r2: null };
    expect(of().result()).toEqual({
      ...{ problemType: 'regression', examples: 0, ...nothing, interval: null, loss: null },
      ...{ lossInterval: null, perValue: [{ label: 'age', ...nothing }], mistakes: [] },
    });
    expect(of([3, 4]).result()).toMatchObject({ mae: 1, r2: null, interval: null });
  });

  test.each([NaN, Infinity, '3', null, undefined, [[3, 4]], [[]]])(
    'the target %j is refused, and counts for nothing',
    (target) => {
      const measures = of([3, 4], [5, 5]);
      const before = measures.result();
      const add = () => measures.add({ path: 'x.png', target: target as number, scores: [1] });
      expect(add).toThrow(/^Expected a finite number for the target of x\.png but received/);
      expect(measures.result()).toEqual(before);
    },
  );

  test('of several values says how many', () => {
    const add = (target: number | number[]) => () =>
      new Regression(['a', 'b']).add({ path: 'x', target, scores: [1, 2] });
    expect(add(3)).toThrow(
      'Expected a list of 2 finite numbers for the target of x but received 3',
    );
    expect(add([3, NaN])).toThrow('but received [3,NaN]');
  });
});
