import type { Label, LabelledPicture, LabelOptions } from '../../../lib/training/data/labelled';
import { labelOf } from '../../../lib/training/data/labelled';
import { datasetOf } from '../../../lib/training/data/targets';

const picturesWith = (labels: readonly Label[]): LabelledPicture[] =>
  labels.map((label, at) => ({ path: `${at}.png`, image: `${at}.png`, label, where: `row ${at}` }));

function read(
  labels: readonly Label[],
  options: Partial<LabelOptions> = {},
  classes: string[] | null = null,
) {
  const found = { pictures: picturesWith(labels), problems: [], classes };
  const dataset = datasetOf(found, { labels: null, problemType: null, ...options }, 'the source');
  const { problemType, examples, problems } = dataset;
  expect(examples.map(({ path }) => path)).toEqual(labels.map((_, at) => `${at}.png`));
  return {
    problemType,
    labels: dataset.labels,
    targets: examples.map(({ target }) => target),
    problems,
  };
}

const failure = (labels: readonly Label[], options?: Partial<LabelOptions>, classes?: string[]) => {
  try {
    read(labels, options, classes);
  } catch (error) {
    expect(error).toMatchObject({ name: 'BitError', code: 'ERR_BIT_CONFIG' });
    return (error as Error).message;
  }
  throw new Error('it was read');
};

const SINGLE = 'single_label_classification';
const MULTI = 'multi_label_classification';
const REGRESSION = 'regression';

describe('one label each', () => {
  test('names are classes in code point order', () => {
    expect(read(['b', 'a', '\u{1f600}', '\uff5e', 'a', 'B'])).toEqual({
      problemType: SINGLE,
      labels: ['B', 'a', 'b', '\uff5e', '\u{1f600}'],
      targets: [2, 1, 4, 3, 1, 0],
      problems: [],
    });
  });

  test('names that objects have are names as well', () => {
    expect(read(['constructor', '__proto__', 'toString'])).toMatchObject({
      labels: ['__proto__', 'constructor', 'toString'],
      targets: [1, 0, 2],
    });
  });

  test('known names keep their order, whether there are pictures of them or not', () => {
    const { labels, targets } = read(['a', 'c'], { labels: ['c', 'b', 'a'] });
    expect({ labels, targets }).toEqual({ labels: ['c', 'b', 'a'], targets: [2, 0] });
  });

  test('what was asked for goes before what the files say', () => {
    expect(read(['a', 'b'], {}, ['b', 'a']).targets).toEqual([1, 0]);
    expect(read(['a', 'b'], { labels: ['a', 'b', 'c'] }, ['b', 'a'])).toMatchObject({
      labels: ['a', 'b', 'c'],
      targets: [0, 1],
    });
  });

  test('an unknown name is told with its first picture and what it may mean', () => {
    expect(failure(['cat', 'dgo', 'dgo'], { labels: ['cat', 'dog'] })).toBe(
      "Unknown label 'dgo' of 1.png (did you mean 'dog'?); the labels are cat, dog",
    );
    const many = Array.from({ length: 1000 }, (_, at) => `n${at}`);
    expect(failure(['zebra'], { labels: many })).toBe(
      `Unknown label 'zebra' of 0.png; the labels are ${many.slice(0, 10).join(', ')}, … (1000 in all)`,
    );
  });

  test('numbers are places, and those without names have transformers’', () => {
    expect(read([2, 0, -0, 1])).toEqual({
      problemType: SINGLE,
      labels: ['LABEL_0', 'LABEL_1', 'LABEL_2'],
      targets: [2, 0, 0, 1],
      problems: [],
    });
    expect(Object.is(read([-0]).targets[0], 0)).toBe(true);
    expect(read([2, 0], { labels: ['a', 'b', 'c'] })).toMatchObject({
      labels: ['a', 'b', 'c'],
      targets: [2, 0],
      problems: [],
    });
  });

  test('numbers that nothing has are told', () => {
    expect(read([1, 3, 4]).problems).toEqual([
      {
        path: 'the source',
        message: 'no picture has label 0, 2, and numbers of classes count from 0',
      },
    ]);
    expect(read([1, 3, 4]).labels).toHaveLength(5);
  });

  test.each([
    [-1, '-1'],
    [1.5, '1.5'],
    [1_000_000, '1000000'],
    [1e300, '1e+300'],
    [Infinity, 'Infinity'],
  ])('%p is the number of no class', (number, words) => {
    expect(failure([0, number])).toBe(
      `Expected whole numbers from 0 to 999999 for labels, but row 1 has ${words}; ` +
        "what is no class needs problemType 'regression'",
    );
  });

  test('a number beyond the known labels is an error', () => {
    expect(failure([0, 1, 2], { labels: ['a', 'b'] })).toBe(
      'Expected whole numbers from 0 to 1 for labels, but row 2 has 2',
    );
  });
});

describe('several labels', () => {
  test('lists of names or numbers, of which some may be empty', () => {
    expect(read([['b', 'a'], [], ['c']])).toEqual({
      problemType: MULTI,
      labels: ['a', 'b', 'c'],
      targets: [
        [1, 1, 0],
        [0, 0, 0],
        [0, 0, 1],
      ],
      problems: [],
    });
    expect(read([[], [2, 0]], { labels: ['x', 'y', 'z'] }).targets).toEqual([
      [0, 0, 0],
      [1, 0, 1],
    ]);
  });

  test('single labels where several are asked for', () => {
    expect(read(['b', ['a', 'b']], { problemType: MULTI }).targets).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(read(['b', 'a'], { problemType: MULTI })).toMatchObject({
      problemType: MULTI,
      targets: [
        [0, 1],
        [1, 0],
      ],
    });
  });

  test('lists where one label is asked for', () => {
    expect(failure(['a', ['a', 'b']].slice(1), { problemType: SINGLE })).toBe(
      'Expected one label for each picture (single_label_classification), but row 0 has ["a","b"]',
    );
  });

  test('a row of zeros and ones is no list of labels', () => {
    expect(failure([[2], [0, 1, 0]])).toBe(
      'Expected a list of the labels that apply, each once, but row 1 has [0,1,0]',
    );
  });

  test('an unknown one', () => {
    expect(failure([['a'], ['a', 'bb']], { labels: ['a', 'b'] })).toContain(
      "Unknown label 'bb' of 1.png",
    );
  });
});

describe('kinds that are mixed', () => {
  test.each<[string, Label[], string]>([
    ['names and numbers', ['a', 'b', 3], "row 0 has 'a' and row 2 has 3"],
    ['numbers and names', [1, '1'], "row 0 has 1 and row 1 has '1'"],
    ['names and lists', ['a', ['a']], 'row 0 has \'a\' and row 1 has ["a"]'],
    ['lists of both', [[], ['a'], [1]], 'row 1 has ["a"] and row 2 has [1]'],
    ['both in one list', [['a', 1]], 'row 0 has ["a",1]'],
  ])('%s', (_, labels, words) => {
    expect(failure(labels)).toBe(`Expected labels of one kind, but ${words}`);
  });
});

describe('regression', () => {
  test('a number, or as many as the first picture has', () => {
    expect(read([0.5, -3, [7]], { problemType: REGRESSION })).toEqual({
      problemType: REGRESSION,
      labels: ['LABEL_0'],
      targets: [[0.5], [-3], [7]],
      problems: [],
    });
    expect(read([[1, 2]], { problemType: REGRESSION, labels: ['width', 'height'] })).toMatchObject({
      labels: ['width', 'height'],
      targets: [[1, 2]],
    });
  });

  test.each<[string, Label[], string[] | null, string]>([
    [
      'another number of them',
      [[1, 2], [1]],
      null,
      'Expected 2 numbers for a regression, but row 1 has [1]',
    ],
    ['fewer than names', [1], ['a', 'b'], 'Expected 2 numbers for a regression, but row 0 has 1'],
    ['none', [[]], null, 'Expected one number for a regression, but row 0 has []'],
    ['a name', [1, 'a'], null, "Expected one number for a regression, but row 1 has 'a'"],
    [
      'too large for float32',
      [1e39],
      null,
      'Expected one number for a regression, but row 0 has 1e+39',
    ],
    [
      'infinite',
      [-Infinity],
      null,
      'Expected one number for a regression, but row 0 has -Infinity',
    ],
    [
      'NaN in a list',
      [[0, NaN]],
      null,
      'Expected 2 numbers for a regression, but row 0 has [0,NaN]',
    ],
  ])('%s', (_, labels, names, message) => {
    expect(failure(labels, { problemType: REGRESSION, labels: names })).toBe(message);
  });
});

describe('cells', () => {
  test.each([null, undefined, '', ' \t', NaN])('%p is no label', (cell) => {
    expect(labelOf(cell, 'row 1')).toBeNull();
  });

  test.each<[unknown, Label]>([
    ['a', 'a'],
    [0, 0],
    [3n, 3],
    [
      [1n, 2n],
      [1, 2],
    ],
    [[], []],
    [2n ** 63n - 1n, 2 ** 63],
  ])('%p is one', (cell, label) => {
    expect(labelOf(cell, 'row 1')).toEqual(label);
  });

  test.each<[unknown, string]>([
    [true, 'true'],
    [{ a: 1 }, '{"a":1}'],
    [[['a']], '[["a"]]'],
    [['a', null], '["a",null]'],
    [new Uint8Array(3), 'Uint8Array of 3 bytes'],
  ])('%p is an error', (cell, words) => {
    expect(() => labelOf(cell, 'row 1')).toThrow(
      `Expected a name, a number or a list of those for the label in row 1 but received ${words}`,
    );
  });
});
