import { alignOutFeatures } from '../../lib/config/out_features';

const STAGES = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'];

describe('alignOutFeatures', () => {
  test.each([
    ['the last stage for nothing', null, null, ['stage4'], [4]],
    ['places from names', ['stem', 'stage3'], null, ['stem', 'stage3'], [0, 3]],
    ['names from places', null, [1, 2], ['stage1', 'stage2'], [1, 2]],
    ['negative places as they are', null, [0, -1], ['stem', 'stage4'], [0, -1]],
    ['both when they agree', ['stage1', 'stage4'], [1, -1], ['stage1', 'stage4'], [1, -1]],
    ['no maps at all', [], null, [], []],
  ])('gives %s', (_, names, indices, outFeatures, outIndices) => {
    expect(alignOutFeatures(names, indices, STAGES)).toEqual({ outFeatures, outIndices });
  });

  test.each([
    ['an unknown name', ['stage5'], null, "received 'stage5'"],
    ['a name twice', ['stem', 'stem'], null, 'each stage once'],
    ['names out of order', ['stage2', 'stem'], null, 'in order'],
    ['a place beyond the last', null, [5], '-5 to 4'],
    ['a place before the first', null, [-6], '-5 to 4'],
    ['one of several places that is too far', null, [0, 5], '-5 to 4'],
    ['one of several names that is unknown', ['stem', 'stage5'], null, "received 'stage5'"],
    ['a fraction', null, [1.5], '-5 to 4'],
    ['a place twice, counted both ways', null, [4, -1], 'each stage once'],
    ['places out of order', null, [2, 1], 'in order'],
    ['two choices that differ', ['stage1'], [2], 'the same stages'],
    ['two choices of different length', ['stage1'], [1, 2], 'the same stages'],
  ])('refuses %s', (_, names, indices, words) => {
    expect(() => alignOutFeatures(names, indices, STAGES)).toThrow(
      expect.objectContaining({
        code: 'ERR_BIT_CONFIG',
        message: expect.stringContaining(words) as string,
      }) as Error,
    );
  });
});
