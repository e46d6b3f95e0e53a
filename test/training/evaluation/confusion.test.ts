import { Confusion, measuresOf, MOST_DENSE } from '../../../lib/training/evaluation/confusion';

const LABELS = ['cat', 'dog', 'fox', 'owl'];
/** Six cats, of which two are taken for dogs; a dog taken for a cat, twice for a fox; no fox; an owl taken for a dog. */
const PAIRS = [
  ...[
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 1],
  ],
  ...[
    [1, 0],
    [1, 2],
    [1, 2],
    [3, 1],
  ],
] as [number, number][];

function of(labels: string[], pairs: [number, number][]) {
  const confusion = new Confusion(labels);
  pairs.forEach((pair) => confusion.add(...pair));
  return confusion;
}

describe('confusion', () => {
  test('is a table of what they are by what they were taken for', () => {
    expect(of(LABELS, PAIRS).counted()).toEqual({
      matrix: [
        [4, 2, 0, 0],
        [1, 0, 2, 0],
        [0, 0, 0, 0],
        [0, 1, 0, 0],
      ],
      cells: null,
    });
  });

  test('gives the measures of each class; what is 0 / 0 is null', () => {
    expect(of(LABELS, PAIRS).perClass()).toEqual([
      { label: 'cat', precision: 0.8, recall: 4 / 6, f1: 8 / 11, support: 6 },
      { label: 'dog', precision: 0, recall: 0, f1: 0, support: 3 },
      { label: 'fox', precision: 0, recall: null, f1: 0, support: 0 },
      { label: 'owl', precision: null, recall: 0, f1: 0, support: 1 },
    ]);
    expect(measuresOf({ right: 0, predicted: 0, support: 0 })).toEqual({
      precision: null,
      recall: null,
      f1: null,
      support: 0,
    });
  });

  test('tells which are most frequent, equal ones in order, right answers left out', () => {
    const confusion = of(LABELS, PAIRS);
    expect(confusion.mostFrequent()).toEqual([
      { target: 'cat', predicted: 'dog', count: 2 },
      { target: 'dog', predicted: 'fox', count: 2 },
      { target: 'dog', predicted: 'cat', count: 1 },
      { target: 'owl', predicted: 'dog', count: 1 },
    ]);
    expect(confusion.mostFrequent(1)).toHaveLength(1);
  });

  test('is bounded in what it names, not in what it counts', () => {
    const labels = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const pairs = labels.map((_, i) => [i, (i + 1) % 30] as [number, number]);
    expect(of(labels, pairs).mostFrequent()).toHaveLength(20);
    expect(of(labels, pairs).counted().matrix?.flat().filter(Boolean)).toHaveLength(30);
  });

  test('of many classes lists only what there is', () => {
    const labels = Array.from({ length: MOST_DENSE + 1 }, (_, i) => `c${i}`);
    expect(of(labels.slice(1), []).counted()).toMatchObject({ cells: null });
    const confusion = of(labels, [
      [100, 3],
      [2, 100],
      [2, 2],
      [100, 3],
    ]);
    expect(confusion.counted()).toEqual({
      matrix: null,
      cells: [
        [2, 2, 1],
        [2, 100, 1],
        [100, 3, 2],
      ],
    });
    expect(confusion.perClass()[2]).toEqual({
      label: 'c2',
      precision: 1,
      recall: 0.5,
      f1: 2 / 3,
      support: 2,
    });
  });

  test('of 21,843 classes counts in the millions of pairs', () => {
    const confusion = new Confusion(Array.from({ length: 21_843 }, (_, i) => `c${i}`));
    confusion.add(21_842, 21_841);
    confusion.add(21_842, 21_842);
    expect(confusion.counted().cells).toEqual([
      [21_842, 21_841, 1],
      [21_842, 21_842, 1],
    ]);
  });

  test('two classes of one name are two', () => {
    expect(of(['crane', 'crane'], [[0, 1]]).counted().matrix).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });
});
