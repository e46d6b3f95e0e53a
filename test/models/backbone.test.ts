// What a backbone says of itself while its maps are chosen anew: as transformers' (make_backbones.py).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitBackbone, BitConfig, Tensor } from '../../lib';
import { runScript } from '../support/child';
import { REFERENCE } from '../support/reference';

interface Step {
  set: 'out_features' | 'out_indices';
  to: string[] & number[];
  out_features: string[];
  out_indices: number[];
  channels: number[];
  error?: boolean;
}

interface Case {
  name: string;
  config: Record<string, unknown>;
  stage_names: string[];
  num_features: number[];
  out_feature_channels: Record<string, number>;
  steps: Step[];
}

const text = readFileSync(join(REFERENCE, 'backbones.json'), 'utf8');
const { cases } = JSON.parse(text) as { cases: Case[] };
const pixels = Tensor.from(new Float32Array(3 * 64 * 64).fill(0.5), [1, 3, 64, 64]);

describe.each(cases)('a backbone with $name', (each) => {
  let model: BitBackbone;
  beforeAll(async () => {
    model = await BitBackbone.fromConfig(BitConfig.fromJSON(each.config) as BitConfig);
  });
  afterAll(() => model.dispose());

  test('tells its stages and their channels', () => {
    expect(model.stageNames).toEqual(each.stage_names);
    expect(model.numFeatures).toEqual(each.num_features);
    expect(model.outFeatureChannels).toEqual(each.out_feature_channels);
  });

  test('sets its maps', async () => {
    for (const step of each.steps) {
      const before = [model.outFeatures, model.outIndices];
      const set = () => {
        if (step.set === 'out_features') model.outFeatures = step.to;
        else model.outIndices = step.to;
      };
      if (step.error) {
        expect(set).toThrow(expect.objectContaining({ code: 'ERR_BIT_CONFIG' }));
        expect([model.outFeatures, model.outIndices]).toEqual(before);
        continue;
      }
      set();
      expect(model.outFeatures).toEqual(step.out_features);
      expect(model.outIndices).toEqual(step.out_indices);
      expect(model.channels).toEqual(step.channels);
      expect(model.config.outFeatures).toEqual(step.out_features);
      const { featureMaps } = await model.forward(pixels);
      expect(featureMaps.map(({ shape }) => shape[1])).toEqual(step.channels);
    }
  });
});

test('what is set stays with the model, and goes where it is shared', async () => {
  const config = BitConfig.fromJSON((cases[0] as Case).config) as BitConfig;
  await using model = await BitBackbone.fromConfig(config);
  model.outIndices = [0, -2];
  expect(config.outFeatures).toEqual(['stage4']);
  await using other = await BitBackbone.fromShared(model.share());
  expect(other.outIndices).toEqual([0, -2]);
  expect(other.outFeatures).toEqual(['stem', 'stage3']);
  other.outFeatures = ['stage1'];
  expect(model.outFeatures).toEqual(['stem', 'stage3']);
});

test('a call that was made keeps the maps that were chosen then', async () => {
  const script = `
    const { BitBackbone, BitConfig, Tensor } = bigtransfer;
    (async () => {
      const model = await BitBackbone.fromConfig(new BitConfig({ depths: [1, 1, 1, 1] }));
      const pixels = Tensor.from(new Float32Array(3 * 64 * 64), [1, 3, 64, 64]);
      model.outFeatures = ['stem'];
      const call = model.forward(pixels);
      model.outFeatures = ['stage2', 'stage4'];
      const { featureMaps } = await call;
      print(featureMaps.map(({ shape }) => shape[1]));
    })();`;
  expect(await runScript(script)).toEqual([64]);
});
