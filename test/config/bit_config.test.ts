import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfigData } from '../../lib/config/bit_config';
import { FIELDS } from '../../lib/config/bit_config_fields';
import { fillFields } from '../../lib/config/fields';
import { REFERENCE } from '../support/reference';

type Json = Record<string, unknown>;
interface Round {
  read: Json;
  /** What transformers writes again, or how it refuses. */
  written?: Json;
  error?: string;
}

const rounds = (
  JSON.parse(readFileSync(join(REFERENCE, 'configs.json'), 'utf8')) as { configs: Round[] }
).configs;
const same = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b);

/** Where ours answers otherwise on purpose: what it writes beside transformers' keys, or null to refuse. */
const OTHERWISE: { read: Json; instead: Json | null }[] = [
  {
    // transformers writes null, and so forgets the way back.
    read: { id2label: { 0: 'cat', 1: 'dog', 2: 'bird' } },
    instead: { label2id: { cat: 0, dog: 1, bird: 2 } },
  },
  // transformers throws the names away.
  {
    read: { label2id: { cat: 0, dog: 1, bird: 2 } },
    instead: { id2label: { 0: 'cat', 1: 'dog', 2: 'bird' }, label2id: { cat: 0, dog: 1, bird: 2 } },
  },
  // Ids are numbers here, and names are text.
  {
    read: {
      id2label: { 0: 'cat', 1: 'dog', 2: 'bird' },
      label2id: { cat: '0', dog: '1', bird: '2' },
    },
    instead: { label2id: { cat: 0, dog: 1, bird: 2 } },
  },
  {
    read: {
      id2label: { 0: 'cat', 1: 'dog', 2: 'bird' },
      label2id: { cat: null, dog: 'second' },
    },
    instead: { label2id: { cat: 0, dog: 1, bird: 2 } },
  },
  {
    read: { id2label: { 0: 1, 1: true, 2: null, 3: 2.5 } },
    instead: {
      id2label: { 0: '1', 1: 'true', 2: 'null', 3: '2.5' },
      label2id: { 1: 0, true: 1, null: 2, 2.5: 3 },
    },
  },
  { read: { id2label: { '-1': 'cat', 7: 'dog' } }, instead: { label2id: { cat: -1, dog: 7 } } },
  // Unknown keys are kept, whatever they meant to whom.
  {
    read: { architectures: ['BitModel'], model_type: 'bit', transformers_version: '4.26.0.dev0' },
    instead: { transformers_version: '4.26.0.dev0' },
  },
  {
    read: { _commit_hash: 'abc', name_or_path: 'somewhere', max_length: 20 },
    instead: { max_length: 20 },
  },
  // A type for computing is no field of the network; the model's own options decide.
  { read: { dtype: 'float99' }, instead: { dtype: 'float99' } },
];

describe('fromJSON and toJSON do as transformers does', () => {
  const defaults = rounds.find(({ read }) => same(read, {}))?.written as Json;

  test.each(rounds.map((round) => [JSON.stringify(round.read), round] as const))(
    '%s',
    (_, round) => {
      const known = OTHERWISE.find(({ read }) => same(read, round.read));
      const isRefused = known ? known.instead === null : round.error !== undefined;
      const read = () => BitConfigData.fromJSON(round.read).toJSON();
      if (isRefused) {
        expect(read).toThrow(expect.objectContaining({ code: 'ERR_BIT_CONFIG' }) as Error);
      } else {
        expect(read()).toEqual({ ...(round.written ?? defaults), ...known?.instead });
      }
    },
  );

  test('with every key in order', () => {
    const keys = Object.keys(BitConfigData.fromJSON({ zebra: 1, Abc: 2, num_labels: 3 }).toJSON());
    expect(keys).toEqual([...keys].sort());
  });
});

describe('BitConfig', () => {
  test('has the defaults of R50x1', () => {
    const config = new BitConfigData();
    expect(config).toMatchObject({
      hiddenSizes: [256, 512, 1024, 2048],
      depths: [3, 4, 6, 3],
      layerType: 'preactivation',
      globalPadding: null,
      outFeatures: ['stage4'],
      outIndices: [4],
      numLabels: 2,
      id2label: { 0: 'LABEL_0', 1: 'LABEL_1' },
      problemType: null,
    });
    expect(config.stageNames).toEqual(['stem', 'stage1', 'stage2', 'stage3', 'stage4']);
  });

  test('reads a file in the layout of older versions, with 1000 labels', () => {
    const names = Array.from({ length: 1000 }, (_, i) => [i, `class ${i}`] as const);
    const json = {
      architectures: ['BitForImageClassification'],
      depths: [3, 4, 6, 3],
      drop_path_rate: 0,
      embedding_dynamic_padding: false,
      embedding_size: 64,
      global_padding: null,
      hidden_act: 'relu',
      hidden_sizes: [256, 512, 1024, 2048],
      id2label: Object.fromEntries(names.map(([id, name]) => [String(id), name])),
      label2id: Object.fromEntries(names.map(([id, name]) => [name, id])),
      layer_type: 'preactivation',
      model_type: 'bit',
      num_channels: 3,
      num_groups: 32,
      out_features: null,
      output_stride: 32,
      stage_names: ['stem', 'stage1', 'stage2', 'stage3', 'stage4'],
      torch_dtype: 'float32',
      transformers_version: '4.26.0.dev0',
      width_factor: 1,
    };
    const config = BitConfigData.fromJSON(json);
    expect(config.numLabels).toBe(1000);
    expect(config.id2label[999]).toBe('class 999');
    const { torch_dtype: dtype, ...others } = json;
    expect(config.toJSON()).toEqual({
      ...others,
      dtype,
      out_features: ['stage4'],
      out_indices: [4],
    });
  });

  test.each([
    ['same', 'SAME'],
    ['Valid', 'VALID'],
    [null, null],
  ])('takes the padding %p in any case', (given, kept) => {
    expect(new BitConfigData({ globalPadding: given as never }).globalPadding).toBe(kept);
  });

  test('accepts more sizes than depths, as the backbones of hybrid transformers have', () => {
    const config = BitConfigData.fromJSON({ layer_type: 'bottleneck', depths: [3, 4, 9] });
    expect(config.hiddenSizes).toHaveLength(4);
    expect(config.stageNames).toHaveLength(4);
  });

  test('keeps nothing of what the caller may change later', () => {
    const depths = [3, 4, 6, 3];
    const config = new BitConfigData({ depths });
    depths[0] = 99;
    (config.toJSON()['depths'] as number[])[0] = 99;
    expect(config.depths).toEqual([3, 4, 6, 3]);
  });

  test('has as many blocks as may be, and no class of losses that its labels do not need', () => {
    const deep = new BitConfigData({ depths: [5000, 5000], hiddenSizes: [64, 64], numGroups: 8 });
    expect(deep.stageNames).toEqual(['stem', 'stage1', 'stage2']);
    for (const problemType of ['single_label_classification', 'regression'] as const)
      expect(new BitConfigData({ problemType, numLabels: 2 }).problemType).toBe(problemType);
    expect(new BitConfigData({ problemType: 'regression', numLabels: 1 }).numLabels).toBe(1);
  });

  test('writes no keys that nobody gave, and its own whatever was given', () => {
    const json = BitConfigData.fromJSON({ output_hidden_states: null }).toJSON();
    for (const key of ['dtype', 'torch_dtype', 'output_hidden_states', 'num_labels'])
      expect(json).not.toHaveProperty(key);
    const other = BitConfigData.fromJSON({ model_type: 'resnet', stage_names: ['a'], depths: [1] });
    expect(other.toJSON()).toMatchObject({ model_type: 'bit', stage_names: ['stem', 'stage1'] });
  });

  test('leaves to null what follows from other fields', () => {
    const later = ['outFeatures', 'outIndices', 'numLabels', 'id2label', 'label2id', 'problemType'];
    const filled = fillFields(FIELDS, {}) as unknown as Json;
    expect(later.map((name) => filled[name])).toEqual(later.map(() => null));
  });

  test('makes subclasses through fromJSON and with', () => {
    class Mine extends BitConfigData {}
    const mine: Mine = Mine.fromJSON({ own_key: 1 });
    expect(mine).toBeInstanceOf(Mine);
    expect(mine.with({ numGroups: 8 })).toBeInstanceOf(Mine);
    expect(mine.with({ numGroups: 8 }).toJSON()).toMatchObject({ own_key: 1, num_groups: 8 });
  });
});

describe('BitConfig refuses, naming the field', () => {
  test.each([
    [{ numChannels: 0 }, 'numChannels (num_channels in JSON)'],
    [{ embeddingSize: -64 }, 'embeddingSize'],
    [{ embeddingSize: 2 ** 31 }, 'embeddingSize'],
    [{ hiddenSizes: [] }, 'hiddenSizes'],
    [{ hiddenSizes: [256, 512, 1024] }, '3 and 4'],
    [{ depths: [3, 0, 6, 3] }, 'depths'],
    [{ depths: '3463' }, 'depths'],
    [{ layerType: 'basic' }, 'layerType'],
    [{ hiddenAct: 'swoosh' }, "hiddenAct (hidden_act in JSON) but received 'swoosh'"],
    [{ globalPadding: 'reflect' }, 'globalPadding'],
    [{ numGroups: 0 }, 'numGroups'],
    [{ dropPathRate: 1.5 }, 'dropPathRate'],
    [{ dropPathRate: NaN }, 'dropPathRate'],
    [{ outputStride: 0 }, 'outputStride'],
    [{ widthFactor: 1.5 }, 'widthFactor'],
    [{ embeddingDynamicPadding: 'yes' }, 'embeddingDynamicPadding'],
    [{ problemType: 'ranking' }, 'problemType'],
    [{ problemType: 'single_label_classification', numLabels: 1 }, 'at least 2 labels'],
    [{ outFeatures: [3] }, 'an array of stage names, or null'],
    [{ outIndices: [1.5] }, 'an array of integers, or null'],
    [{ depths: [5000, 5001], hiddenSizes: [64, 64] }, 'at most 10000 blocks in all'],
    [{ depths: [10_001], hiddenSizes: [64] }, 'but received 10001'],
    [{ outputHiddenStates: 1 }, 'outputHiddenStates'],
    [{ depth: [1] }, "Unknown field 'depth'"],
    [{ toString: 1 }, "Unknown field 'toString'"],
    [null, 'the fields'],
    [[], 'the fields'],
  ])('%j', (init, words) => {
    expect(() => new BitConfigData(init as never)).toThrow(
      expect.objectContaining({
        name: 'BitError',
        code: 'ERR_BIT_CONFIG',
        message: expect.stringContaining(words) as string,
      }) as Error,
    );
  });

  test.each([null, [], 'text', 3])('%j for JSON', (json) => {
    expect(() => BitConfigData.fromJSON(json as never)).toThrow('Expected an object for the JSON');
  });
});

describe('with', () => {
  const config = new BitConfigData({ id2label: { 0: 'cat', 1: 'dog' }, outFeatures: ['stage1'] });

  test('keeps the names when their number stays', () => {
    expect(config.with({ numLabels: 2 }).id2label).toEqual({ 0: 'cat', 1: 'dog' });
  });

  test('makes names for another number', () => {
    expect(config.with({ numLabels: 3 }).label2id).toEqual({ LABEL_0: 0, LABEL_1: 1, LABEL_2: 2 });
  });

  test('counts new names', () => {
    expect(config.with({ id2label: { 0: 'only' } })).toMatchObject({ numLabels: 1 });
  });

  test('lets one choice of features replace the other', () => {
    expect(config.with({ outIndices: [0, -1] }).outFeatures).toEqual(['stem', 'stage4']);
  });

  test('keeps the choice of features unless it depends on what changes', () => {
    expect(config.with({ numGroups: 8 }).outFeatures).toEqual(['stage1']);
    const shallower = { depths: [1], hiddenSizes: [256] };
    for (const outFeatures of [['stage1'], ['stage4']])
      expect(config.with({ outFeatures }).with(shallower).outFeatures).toEqual(['stage1']);
    expect(config.with({ outFeatures: ['stage2', 'stage3'] }).outIndices).toEqual([2, 3]);
  });

  test('returns itself where nothing of its own changes', () => {
    expect(config.with({ revision: 'main' } as never)).toBe(config);
  });
});

describe('copies of a config', () => {
  const config = BitConfigData.fromJSON({
    depths: [1, 2],
    hidden_sizes: [256, 512],
    id2label: { 0: 'a', 1: 'b', 2: 'c' },
    out_features: ['stage1'],
    mine: { kept: [1] },
  });

  test('are equal, made of the config itself, its properties, or a structured clone', () => {
    for (const init of [config, { ...config }, structuredClone(config)])
      expect(new BitConfigData(init)).toEqual(config);
    expect(new BitConfigData(config).toJSON()).toEqual(config.toJSON());
    expect(config.toJSON()['mine']).toEqual({ kept: [1] });
  });

  test('may differ in some fields', () => {
    expect(new BitConfigData({ ...config, hiddenAct: 'gelu' }).hiddenAct).toBe('gelu');
    expect(new BitConfigData({ ...config, numLabels: 2 }).id2label).toEqual({
      0: 'LABEL_0',
      1: 'LABEL_1',
    });
  });
});
