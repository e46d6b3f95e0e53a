import { BitConfigData } from '../../lib/config/bit_config';
import { makeDiv, networkSpec, stageWidths } from '../../lib/config/network_spec';

describe('makeDiv', () => {
  test.each([
    [1, 8],
    [8, 8],
    [80 / 9, 8], // which loses just a tenth
    [8.9, 16], // 8 would lose more
    [11, 16],
    [12, 16],
    [19, 24],
    [20, 24],
    [64, 64],
    [99, 96],
    [100, 104],
  ])('%p becomes %p', (width, rounded) => expect(makeDiv(width)).toBe(rounded));
});

describe('stageWidths', () => {
  test('multiplies by the width factor', () => {
    expect(stageWidths(new BitConfigData({ widthFactor: 3 }))).toEqual([768, 1536, 3072, 6144]);
  });

  test('leaves out sizes that have no stage', () => {
    expect(stageWidths(new BitConfigData({ depths: [3, 4, 9] }))).toEqual([256, 512, 1024]);
  });
});

describe('networkSpec', () => {
  test('carries every number of the config', () => {
    const config = new BitConfigData({ globalPadding: 'SAME', outputStride: 8, numLabels: 7 });
    expect(networkSpec(config, null)).toEqual({
      numChannels: 3,
      embeddingSize: 64,
      hiddenSizes: [256, 512, 1024, 2048],
      depths: [3, 4, 6, 3],
      layerType: 'preactivation',
      hiddenAct: 'relu',
      globalPadding: 'SAME',
      numGroups: 32,
      dropPathRate: 0,
      embeddingDynamicPadding: false,
      outputStride: 8,
      widthFactor: 1,
      numLabels: null,
    });
    expect(networkSpec(config, config.numLabels).numLabels).toBe(7);
  });
});

describe('numGroups must divide', () => {
  test.each([
    ['the stem', { embeddingSize: 48 }, '32 does not divide the 48 channels of embeddingSize'],
    ['a stage', { hiddenSizes: [256, 512, 1024, 2000] }, '2000 channels of stage 4'],
    [
      'the inner convolutions of a stage',
      { hiddenSizes: [64, 512, 1024, 2048] },
      '16 channels of the inner convolutions of stage 1',
    ],
  ])('%s', (_, init, words) => {
    expect(() => new BitConfigData(init)).toThrow(
      expect.objectContaining({
        code: 'ERR_BIT_CONFIG',
        message: expect.stringContaining(words) as string,
      }) as Error,
    );
  });

  test('the multiplied widths, not those in the file', () => {
    const init = { hiddenSizes: [64, 512, 1024, 2048] };
    expect(() => new BitConfigData({ ...init, widthFactor: 2 })).not.toThrow();
  });
});
