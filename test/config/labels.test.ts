import { areDefaultLabels, fillLabels } from '../../lib/config/labels';

describe('fillLabels', () => {
  test('makes two labels of nothing, which files leave out', () => {
    const labels = fillLabels({});
    expect(labels).toEqual({
      numLabels: 2,
      id2label: { 0: 'LABEL_0', 1: 'LABEL_1' },
      label2id: { LABEL_0: 0, LABEL_1: 1 },
    });
    expect(areDefaultLabels(labels)).toBe(true);
    expect(areDefaultLabels(fillLabels({ numLabels: 3 }))).toBe(false);
    for (const id2label of [
      { 0: 'cat', 1: 'LABEL_1' },
      { 0: 'LABEL_0', 1: 'dog' },
    ])
      expect(areDefaultLabels(fillLabels({ id2label }))).toBe(false);
  });

  test('makes no labels for a model without a head', () => {
    expect(fillLabels({ numLabels: 0 })).toEqual({ numLabels: 0, id2label: {}, label2id: {} });
  });

  test('counts the names, whose ids may be text or have gaps', () => {
    const labels = fillLabels({ id2label: { '3': 'cat', '7': 'dog' } });
    expect(labels).toMatchObject({ numLabels: 2, label2id: { cat: 3, dog: 7 } });
  });

  test('keeps a label2id that has more than the way back', () => {
    const labels = fillLabels({ id2label: { 0: 'cat' }, label2id: { cat: 0, Felis: 0 } });
    expect(labels.label2id).toEqual({ cat: 0, Felis: 0 });
  });

  test('makes names of ids, as numbers or text', () => {
    const label2id = { cat: 0, dog: '1' } as unknown as Record<string, number>;
    expect(fillLabels({ label2id })).toEqual({
      numLabels: 2,
      id2label: { 0: 'cat', 1: 'dog' },
      label2id: { cat: 0, dog: 1 },
    });
  });
});

describe('fillLabels refuses', () => {
  test.each([
    ['a negative number', { numLabels: -1 }, 'numLabels'],
    ['a number in text', { numLabels: '3' }, 'numLabels'],
    ['a symbol', { numLabels: Symbol('x') }, 'numLabels'],
    ['more labels than any head has', { numLabels: 1_000_001 }, 'from 0 to 1000000'],
    ['an id that only begins as a number', { id2label: { '1x': 'cat' } }, '{"1x":"cat"}'],
    ['an id that only ends as a number', { id2label: { x1: 'cat' } }, '{"x1":"cat"}'],
    ['an id of too many digits', { id2label: { '1234567890123456': 'cat' } }, 'id2label'],
    ['an id in words', { id2label: { first: 'cat' } }, '{"first":"cat"}'],
    ['a name that is an object', { id2label: { 0: {} } }, 'id2label'],
    ['names in an array', { id2label: ['cat'] }, 'id2label'],
    [
      'names alone where as many are told as any head has',
      { numLabels: 1_000_000, id2label: ['cat'] },
      'id2label',
    ],
    ['names in a Map', { id2label: new Map([[0, 'cat']]) }, 'id2label'],
    ['a name that is a function', { id2label: { 0: () => 'cat' } }, 'id2label'],
    ['text for ids', { label2id: 'cat' }, 'label2id'],
    ['an id that is no number', { label2id: { cat: 'first' } }, '{"cat":"first"}'],
    ['one id for two labels', { label2id: { cat: 0, dog: 0 } }, 'an id of its own'],
  ])('%s', (_, init, words) => {
    expect(() => fillLabels(init as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_BIT_CONFIG',
        message: expect.stringContaining(words) as string,
      }) as Error,
    );
  });
});
