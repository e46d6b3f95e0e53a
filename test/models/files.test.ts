import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  BitModel,
  Tensor,
} from '../../lib';
import { readSafetensors } from '../support/safetensors';
import { REFERENCE } from '../support/reference';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const SOURCE = join(REFERENCE, 'models', 'float16');
const MISMATCHED = join(REFERENCE, 'models', 'mismatched_head');
const pixels = Tensor.from(
  new Float32Array(3 * 17 * 23).map((_, i) => Math.sin(i)),
  [1, 3, 17, 23],
);

/** A copy of a reference model that a test may spoil. */
function copyOf(name: string, from = SOURCE): string {
  const directory = join(folder, name);
  mkdirSync(directory);
  for (const file of readdirSync(from)) copyFileSync(join(from, file), join(directory, file));
  return directory;
}

const logitsOf = async (source: string) => {
  await using model = await BitForImageClassification.fromPretrained(source);
  return (await model.forward(pixels)).logits.data;
};

describe('savePretrained', () => {
  test('writes what loads again with the same numbers', async () => {
    const saved = join(folder, 'saved', 'deep');
    await using model = await BitForImageClassification.fromPretrained(SOURCE);
    await model.savePretrained(saved);
    await new BitImageProcessor({ size: { shortestEdge: 30 } }).savePretrained(saved);
    expect(readdirSync(saved).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'preprocessor_config.json',
    ]);
    expect(await logitsOf(saved)).toEqual(await logitsOf(SOURCE));
    expect((await BitImageProcessor.fromPretrained(saved)).size).toEqual({ shortestEdge: 30 });
    const config = JSON.parse(readFileSync(join(saved, 'config.json'), 'utf8')) as {
      architectures: string[];
    };
    expect(config.architectures).toEqual(['BitForImageClassification']);
    const bytes = readFileSync(join(saved, 'model.safetensors'));
    expect(bytes.subarray(8, 200).toString()).toContain('"__metadata__":{"format":"pt"}');
  });

  test('goes on where the model is disposed of meanwhile', async () => {
    const saved = join(folder, 'disposed');
    const model = await BitForImageClassification.fromPretrained(SOURCE);
    const saving = model.savePretrained(saved);
    await model.dispose();
    await saving;
    expect(await logitsOf(saved)).toEqual(await logitsOf(SOURCE));
  });

  test('may overwrite the files that the model was loaded from', async () => {
    const directory = copyOf('self');
    const before = await logitsOf(directory);
    await using model = await BitForImageClassification.fromPretrained(directory);
    await model.savePretrained(directory);
    await model.savePretrained(directory);
    expect(await logitsOf(directory)).toEqual(before);
  });

  test('refuses a place that cannot be written', async () => {
    await using model = await BitForImageClassification.fromPretrained(SOURCE);
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    await expect(model.savePretrained(join(file, 'within'))).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
    });
  });

  test('of a config alone names no architecture, and leaves nothing where it fails', async () => {
    const saved = join(folder, 'config', 'alone');
    await new BitConfig().savePretrained(saved);
    const path = join(saved, 'config.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).not.toHaveProperty('architectures');
    rmSync(path);
    mkdirSync(join(path, 'a folder'), { recursive: true });
    await expect(new BitConfig().savePretrained(saved)).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringMatching(/^Cannot write .*config\.json: E[A-Z]+: /) as string,
      cause: expect.objectContaining({
        code: expect.stringMatching(/^E[A-Z]+$/) as string,
      }) as Error,
    });
    expect(readdirSync(saved)).toEqual(['config.json']);
  });

  test.each([undefined, null, '', 3])('to %p is refused', async (directory) => {
    await expect(new BitConfig().savePretrained(directory as string)).rejects.toMatchObject({
      code: 'ERR_BIT_CONFIG',
      message: expect.stringMatching(/^Expected a path for directory/) as string,
    });
  });

  test('saves a trunk without the prefix, which both classes load', async () => {
    const saved = join(folder, 'trunk');
    await using trunk = await BitModel.fromPretrained(SOURCE);
    await trunk.savePretrained(saved);
    expect([...readSafetensors(join(saved, 'model.safetensors')).keys()][0]).toMatch(
      /^(embedder|encoder|norm)/,
    );
    await using whole = await BitForImageClassification.fromPretrained(saved);
    expect(whole.loadingInfo.missingKeys).toEqual(['classifier.1.weight', 'classifier.1.bias']);
  });
});

describe('stateDict', () => {
  test('holds every parameter of the file', async () => {
    await using model = await BitForImageClassification.fromPretrained(SOURCE);
    const state = await model.stateDict();
    expect(state.get('classifier.1.bias')?.dtype).toBe('float32');
    expect([...state.keys()].every((name) => /^(bit|classifier)\./.test(name))).toBe(true);
  });

  test('refuses weights whose file has changed under the model, and the model goes on', async () => {
    const directory = copyOf('cut');
    await using model = await BitForImageClassification.fromPretrained(directory);
    const file = join(directory, 'model.safetensors');
    truncateSync(file, statSync(file).size / 2);
    await expect(model.stateDict()).rejects.toMatchObject({ code: 'ERR_BIT_CHECKPOINT' });
    expect((await model.forward(pixels)).logits.shape[0]).toBe(1);
  });
});

describe('another number of labels', () => {
  test('is a clear error', async () => {
    await expect(
      BitForImageClassification.fromPretrained(SOURCE, { numLabels: 7 }),
    ).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringMatching(/classifier\.1\.weight.*ignoreMismatchedSizes/s) as string,
    });
    await expect(BitForImageClassification.fromPretrained(MISMATCHED)).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
    });
  });

  test('gives a fresh, seeded head when asked', async () => {
    const load = (seed: number) =>
      BitForImageClassification.fromPretrained(SOURCE, {
        numLabels: 7,
        ignoreMismatchedSizes: true,
        seed,
      });
    await using first = await load(1);
    await using again = await load(1);
    await using other = await load(2);
    expect(first.loadingInfo.mismatchedKeys.map(({ name }) => name).sort()).toEqual([
      'classifier.1.bias',
      'classifier.1.weight',
    ]);
    expect(first.config.id2label[6]).toBe('LABEL_6');
    const [a, b, c] = await Promise.all(
      [first, again, other].map(async (m) => (await m.forward(pixels)).logits),
    );
    expect(a?.shape).toEqual([1, 7]);
    expect(a?.data).toEqual(b?.data);
    expect(a?.data).not.toEqual(c?.data);
  });
});

describe('spoiled files give ERR_BIT_CHECKPOINT or ERR_BIT_CONFIG', () => {
  const spoil: [string, string, (directory: string) => void, string][] = [
    ['no config.json', 'ERR_BIT_CHECKPOINT', (d) => rmSync(join(d, 'config.json')), 'config.json'],
    [
      'no weights',
      'ERR_BIT_CHECKPOINT',
      (d) => rmSync(join(d, 'model.safetensors')),
      'model.safetensors',
    ],
    [
      'a config that is no JSON',
      'ERR_BIT_CONFIG',
      (d) => writeFileSync(join(d, 'config.json'), '{'),
      'config.json',
    ],
    [
      'a config that is a list',
      'ERR_BIT_CONFIG',
      (d) => writeFileSync(join(d, 'config.json'), '[]'),
      'JSON object',
    ],
    [
      'a config that is a number',
      'ERR_BIT_CONFIG',
      (d) => writeFileSync(join(d, 'config.json'), '3'),
      'JSON object',
    ],
    [
      'a config that is null',
      'ERR_BIT_CONFIG',
      (d) => writeFileSync(join(d, 'config.json'), 'null'),
      'JSON object',
    ],
    [
      'an empty checkpoint',
      'ERR_BIT_CHECKPOINT',
      (d) => writeFileSync(join(d, 'model.safetensors'), ''),
      'model.safetensors',
    ],
    [
      'a truncated checkpoint',
      'ERR_BIT_CHECKPOINT',
      (d) => truncateSync(join(d, 'model.safetensors'), 5000),
      'model.safetensors',
    ],
    [
      'a checkpoint of noise',
      'ERR_BIT_CHECKPOINT',
      (d) => writeFileSync(join(d, 'model.safetensors'), Buffer.alloc(4096, 0xa5)),
      'model.safetensors',
    ],
  ];
  test.each(spoil)('%s', async (name, code, change, words) => {
    const directory = copyOf(name.replaceAll(' ', '-'));
    change(directory);
    await expect(BitForImageClassification.fromPretrained(directory)).rejects.toMatchObject({
      name: 'BitError',
      code,
      message: expect.stringContaining(words) as string,
    });
  });

  test('a checkpoint of another model', async () => {
    const directory = copyOf('other-model');
    const header = JSON.stringify({
      'vit.weight': { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    });
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(
      join(directory, 'model.safetensors'),
      Buffer.concat([size, Buffer.from(header), Buffer.alloc(4)]),
    );
    await expect(BitModel.fromPretrained(directory)).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringContaining("'vit.weight'") as string,
    });
  });

  test.each(['/no/such/model', './nothing-here', 'a b c', ''])(
    'a path that does not exist: %p',
    async (source) => {
      await expect(BitModel.fromPretrained(source)).rejects.toMatchObject({
        code: 'ERR_BIT_CHECKPOINT',
      });
    },
  );
});

describe('a single checkpoint file', () => {
  test('loads with the config beside it, or with one that is given', async () => {
    const file = join(SOURCE, 'model.safetensors');
    expect(await logitsOf(file)).toEqual(await logitsOf(SOURCE));
    const config = await BitConfig.fromPretrained(SOURCE);
    const directory = join(folder, 'alone');
    mkdirSync(directory);
    copyFileSync(file, join(directory, 'weights.safetensors'));
    await using model = await BitForImageClassification.fromPretrained(
      join(directory, 'weights.safetensors'),
      { config },
    );
    expect((await model.forward(pixels)).logits.data).toEqual(await logitsOf(SOURCE));
  });
});

describe('shards', () => {
  const SHARDED = join(REFERENCE, 'models', 'sharded');
  const INDEX = 'model.safetensors.index.json';
  type Index = { weight_map: Record<string, string> };
  const readIndex = (directory: string) =>
    JSON.parse(readFileSync(join(directory, INDEX), 'utf8')) as Index;

  test('an index may list what no file has; what the model lacks then is missing', async () => {
    const directory = copyOf('stale', SHARDED);
    const index = readIndex(directory);
    const [first] = Object.values(index.weight_map) as [string];
    index.weight_map['stale.weight'] = first;
    writeFileSync(join(directory, INDEX), JSON.stringify(index));
    await using model = await BitForImageClassification.fromPretrained(directory);
    expect(model.loadingInfo).toEqual({ missingKeys: [], unexpectedKeys: [], mismatchedKeys: [] });
    expect(await logitsOf(directory)).toEqual(await logitsOf(SHARDED));
  });

  test('of a tensor in two shards the last one counts, as for transformers', async () => {
    const directory = copyOf('twice', SHARDED);
    const shards = [...new Set(Object.values(readIndex(directory).weight_map))].sort();
    const [first, last] = [shards.at(0), shards.at(-1)] as [string, string];
    copyFileSync(join(directory, first), join(directory, 'model-99999.safetensors'));
    const index = readIndex(directory);
    index.weight_map['other'] = 'model-99999.safetensors';
    writeFileSync(join(directory, INDEX), JSON.stringify(index));
    expect(shards.length).toBeGreaterThan(1);
    expect(last).not.toBe(first);
    expect(await logitsOf(directory)).toEqual(await logitsOf(SHARDED));
  });
});

test('of byte order marks in a config.json the first one goes, at its beginning alone', async () => {
  const directory = join(folder, 'marks');
  mkdirSync(directory);
  const text = '{"model_type": "bit", "id2label": {"0": "\uFEFFcat", "1": "dog"}}';
  for (const before of ['', '\uFEFF']) {
    writeFileSync(join(directory, 'config.json'), before + text);
    const { id2label } = await BitConfig.fromPretrained(directory);
    expect(id2label).toEqual({ 0: '\uFEFFcat', 1: 'dog' });
  }
});

test.each([
  ['broken', '{"model_type": "bit"', /^Cannot read .*config\.json: \S/],
  ['a list', '[1]', /config\.json does not hold a JSON object$/],
  ['null', 'null', /config\.json does not hold a JSON object$/],
])('a config.json that is %s: what is wrong with it', async (name, text, message) => {
  const directory = join(folder, `config ${name}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'config.json'), text);
  const error: unknown = await BitConfig.fromPretrained(directory).catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: 'ERR_BIT_CONFIG',
    message: expect.stringMatching(message) as string,
  });
  // What the parser said is kept.
  expect((error as Error).cause === undefined).toBe(name !== 'broken');
});
