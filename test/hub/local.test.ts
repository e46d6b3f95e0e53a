import fs, { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveSource } from '../../lib/hub';
import { parseShardIndex } from '../../lib/hub/weights';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bit local '));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), '{}');
  }
}

function writeIndex(name: string, map: Record<string, string>): void {
  writeFileSync(join(dir, name), JSON.stringify({ metadata: {}, weight_map: map }));
}

test('a package without its model says to install it again', async () => {
  const real = fs.existsSync;
  const without = (path: fs.PathLike) => !String(path).includes('bit-mini-scenes') && real(path);
  const spy = jest.spyOn(fs, 'existsSync').mockImplementation(without);
  try {
    await expect(resolveSource('bit-mini-scenes', {}, 'model')).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringMatching(
        /^The model that ships with this package is missing: there is no .*bit-mini-scenes\. Install bigtransfer again\.$/,
      ) as string,
    });
  } finally {
    spy.mockRestore();
  }
});

const weights = async (source = dir) => (await resolveSource(source, {}, 'model')).weights;

describe('a directory', () => {
  test('prefers safetensors, then its shards, then .bin, then its shards', async () => {
    write('config.json');
    await expect(weights()).rejects.toThrow(
      /no model\.safetensors, .*pytorch_model\.bin\.index\.json in/,
    );

    write('p-1.bin', 's-1.safetensors', 's-2.safetensors');
    writeIndex('pytorch_model.bin.index.json', { a: 'p-1.bin' });
    expect((await weights()).files).toEqual([join(dir, 'p-1.bin')]);
    write('pytorch_model.bin');
    expect((await weights()).files).toEqual([join(dir, 'pytorch_model.bin')]);
    writeIndex('model.safetensors.index.json', {
      b: 's-2.safetensors',
      a: 's-1.safetensors',
      c: 's-2.safetensors',
    });
    expect(await weights()).toEqual({
      files: [join(dir, 's-1.safetensors'), join(dir, 's-2.safetensors')],
      indexPath: join(dir, 'model.safetensors.index.json'),
    });
    write('model.safetensors');
    expect(await weights()).toEqual({ files: [join(dir, 'model.safetensors')] });
  });

  test('names the shard that is missing', async () => {
    write('config.json', 's-1.safetensors');
    writeIndex('model.safetensors.index.json', { a: 's-1.safetensors', b: 's-2.safetensors' });
    await expect(weights()).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringMatching(/index\.json lists s-2\.safetensors, which .* does not have/),
    });
  });

  test('gives what is wanted and no more', async () => {
    write('config.json', 'preprocessor_config.json');
    expect(await resolveSource(dir, {}, 'config')).toEqual({
      dir,
      configPath: join(dir, 'config.json'),
    });
    expect(await resolveSource(pathToFileURL(dir).href, {}, 'processor')).toEqual({
      dir,
      processorPath: join(dir, 'preprocessor_config.json'),
    });
  });

  test('says which file is missing', async () => {
    await expect(resolveSource(dir, {}, 'config')).rejects.toThrow(
      `There is no config.json in ${dir}`,
    );
    await expect(resolveSource(dir, {}, 'processor')).rejects.toThrow(
      'no preprocessor_config.json',
    );
  });
});

describe('a subfolder of a directory', () => {
  const configIn = async (subfolder: unknown) =>
    (await resolveSource(dir, { subfolder: subfolder as string }, 'config')).configPath;

  test.each([undefined, null, '', '.', './', './/.'])('%p is the directory itself', async (own) => {
    write('config.json');
    expect(await configIn(own)).toBe(join(dir, 'config.json'));
  });

  test.each(['deep/er', 'deep/er/', './deep//er', 'deep\\er'])('%p is found', async (subfolder) => {
    write('config.json', 'deep/er/config.json');
    expect(await configIn(subfolder)).toBe(join(dir, 'deep', 'er', 'config.json'));
  });

  test.each(['ab:c', 'a..b', '...'])('%p is a name like any other', async (subfolder) => {
    write(`${subfolder}/config.json`);
    expect(await configIn(subfolder)).toBe(join(dir, subfolder, 'config.json'));
  });

  test.each(['c:x', 'C:/x', '\\x', '/x', 'a/..', 'a\\..\\b'])(
    '%p is refused',
    async (subfolder) => {
      await expect(configIn(subfolder)).rejects.toThrow(
        'Expected a folder within the source for subfolder',
      );
    },
  );
});

test('what lies in an Electron archive is looked for beside it, where it can be read', async () => {
  write('app.asar/model/config.json');
  const inside = join(dir, 'app.asar', 'model');
  const beside = join(dir, 'app.asar.unpacked', 'model');
  await expect(resolveSource(inside, {}, 'config')).rejects.toMatchObject({
    code: 'ERR_BIT_CHECKPOINT',
    message: expect.stringContaining(`There is no ${beside}`) as string,
  });
  write('app.asar.unpacked/model/config.json');
  expect(await resolveSource(inside, {}, 'config')).toMatchObject({ dir: beside });
});

describe('a checkpoint file', () => {
  test('is taken as it is, with the config.json beside it', async () => {
    write('config.json', 'model.safetensors', 'epoch 3.bin');
    const file = join(dir, 'epoch 3.bin');
    expect(await weights(file)).toEqual({ files: [file] });
    expect(await resolveSource(file, {}, 'config')).toEqual({
      dir,
      configPath: join(dir, 'config.json'),
    });
  });

  test('says where the config.json belongs; needs a known suffix', async () => {
    const others = ['x.onnx', 'x.bin.gz', 'x.safetensors.old', 'xbin', 'x.bin2'];
    write('x.safetensors', ...others);
    const config = resolveSource(join(dir, 'x.safetensors'), {}, 'config');
    await expect(config).rejects.toThrow(/no config\.json in .*beside x\.safetensors/);
    for (const name of others)
      await expect(weights(join(dir, name))).rejects.toThrow(/no checkpoint: expected a directory/);
  });
});

describe('a source that is nothing', () => {
  test.each([
    './no/such/dir',
    '/no/such',
    'a/b/c',
    'C:\\models',
    '../no-such-folder',
    'owner/..',
    'has space',
    'a--b/c',
    '.owner/bit',
    'owner/.bit',
    '-owner/bit',
    'owner/-bit',
    'owner-/bit',
    'owner/bit-',
    'owner./bit',
    'owner/bit.',
    ' owner/bit',
    'owner/bit ',
    'owner/bit/',
    'owner/b?t',
  ])('%s is neither a path nor an id', async (source) => {
    await expect(weights(source)).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringMatching(/There is nothing at .*no hub id either/),
    });
  });

  test('is refused unless it is a string', async () => {
    await expect(weights('')).rejects.toThrow(
      /Expected a path or a hub id for source but received ''/,
    );
    await expect(weights(5 as unknown as string)).rejects.toThrow(/but received 5/);
  });
});

test('the packaged model is found by its exact name', async () => {
  await expect(
    resolveSource('bit-mini-scenes', { localFilesOnly: true }, 'config'),
  ).resolves.toMatchObject({
    configPath: expect.stringMatching(/models.bit-mini-scenes.config\.json$/),
  });
});

describe('parseShardIndex', () => {
  test.each([
    ['not json', /is not JSON/],
    ['null', /expected an object for weight_map/],
    ['{}', /^x\.index\.json is no shard index: .* for weight_map but found undefined$/],
    ['3', /for weight_map but found undefined$/],
    ['{"weight_map": null}', /expected an object for weight_map but found null$/],
    ['{"weight_map": "a"}', /expected an object for weight_map but found 'a'$/],
    ['{"weight_map": []}', /expected an object for weight_map but found \[\]/],
    ['{"weight_map": {}}', /weight_map is empty/],
    ['{"weight_map": {"a": 3}}', /plain file name for weight_map\['a'\] but found 3/],
    ['{"weight_map": {"a": "../x.bin"}}', /plain file name/],
    ['{"weight_map": {"a": "/etc/passwd"}}', /plain file name/],
    ['{"weight_map": {"a": "sub\\\\x.bin"}}', /plain file name/],
    ['{"weight_map": {"a": "C:x.bin"}}', /plain file name/],
    ['{"weight_map": {"a": ".."}}', /plain file name/],
    ['{"weight_map": {"a": "."}}', /plain file name/],
    ['{"weight_map": {"a": ""}}', /plain file name/],
    ['{"weight_map": {"a": "x.bin", "b": "x\\u0000.bin"}}', /weight_map\['b'\]/],
  ])('refuses %s', (text, message) => {
    expect(() => parseShardIndex(text, 'x.index.json')).toThrow(message);
  });

  test('gives the file of every tensor', () => {
    const map = { 'a.weight': 'm-1.safetensors', 'b.bias': '..bin', c: 'm 2.bin' };
    expect(parseShardIndex(JSON.stringify({ weight_map: map }), 'x.index.json')).toEqual(map);
  });

  test('tells why it is no JSON, with the reason as its cause', () => {
    const parse = () => parseShardIndex('not json', 'x.index.json');
    const caught = expect.objectContaining({ cause: expect.any(SyntaxError) as Error }) as Error;
    expect(parse).toThrow(caught);
  });
});
