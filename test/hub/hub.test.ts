import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DownloadProgress, PretrainedOptions } from '../../lib';
import { resolveSource } from '../../lib/hub';
import { COMMIT, type FakeHub, OLD_COMMIT, startHub } from './fake';

const WEIGHTS = Buffer.alloc(200_000, 'weights ');
const REPOS = {
  'owner/bit': {
    main: {
      'config.json': '{"main":1}',
      'preprocessor_config.json': '{}',
      'model.safetensors': WEIGHTS,
    },
    v1: { 'config.json': '{"v1":1}', 'pytorch_model.bin': Buffer.alloc(5000, 'old') },
  },
  'owner/sharded': {
    main: {
      'config.json': '{}',
      'model.safetensors.index.json': JSON.stringify({
        weight_map: { a: 'm-1.safetensors', b: 'm-2.safetensors' },
      }),
      'm-1.safetensors': Buffer.alloc(4000, '1'),
      'm-2.safetensors': Buffer.alloc(4000, '2'),
    },
  },
  'owner/torn': {
    main: {
      'config.json': '{}',
      'model.safetensors.index.json': JSON.stringify({ weight_map: { a: 'm-1.safetensors' } }),
    },
  },
  'owner/nested': {
    main: {
      'deep/er/config.json': '{"deep":1}',
      'deep/er/model.safetensors.index.json': '{"weight_map":{"a":"m-1.safetensors"}}',
      'deep/er/m-1.safetensors': WEIGHTS,
    },
  },
  'owner/bare': { main: { 'README.md': '' } },
  'owner/gated': { main: {} },
  'owner/fickle': { main: { 'config.json': '{}', 'model.safetensors': WEIGHTS } },
  gpt: { main: { 'config.json': '{}', 'pytorch_model.bin': WEIGHTS } },
};
const before = { ...process.env };
let hub: FakeHub;
let home: string;
let cache: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'bit hub '));
  cache = join(home, 'hub');
  hub = await startHub(REPOS, {
    'owner/gated resolve': [403, 'GatedRepo'],
    'owner/gated revision': [403, 'GatedRepo'],
    'owner/fickle paths-info': [404, 'RepoNotFound'],
  });
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)_/.test(name)) delete process.env[name];
  process.env['HF_HOME'] = home;
  process.env['HF_ENDPOINT'] = hub.endpoint;
});

afterEach(async () => {
  await hub.close();
  process.env = { ...before };
  rmSync(home, { recursive: true, force: true });
});

const model = (source: string, options: PretrainedOptions = {}) =>
  resolveSource(source, options, 'model');

describe('a mirror that has no paths-info', () => {
  test.each([400, 404, 405, 501])('and answers %i is asked for each file', async (status) => {
    const { dir: there } = await model('owner/bit');
    const layout = () => [
      readdirSync(join(there, '..', '..', 'blobs')).sort(),
      readdirSync(there).sort(),
    ];
    const expected = layout();
    rmSync(cache, { recursive: true });
    hub.noPathsInfo = status;
    hub.log.length = 0;
    const { dir, weights } = await model('owner/bit');
    expect(readFileSync(weights.files[0] as string)).toEqual(WEIGHTS);
    expect([dir, layout()]).toEqual([there, expected]);
    expect(hub.log.filter((line) => line.startsWith('HEAD'))).not.toEqual([]);
  });

  test('may give ETags that are no hashes', async () => {
    hub.noPathsInfo = 404;
    const digits = '0123456789abcdef'.repeat(4);
    for (const etag of ['5d41402a-3', `${digits}-2`, `0${digits}`]) {
      rmSync(cache, { recursive: true, force: true });
      hub.etag = etag;
      const { configPath } = await resolveSource('owner/bit', {}, 'config');
      expect(readlinkSync(configPath)).toBe(`../../blobs/${etag}`);
    }
    hub.etag = '../../../../evil';
    await expect(resolveSource('owner/bit', {}, 'processor')).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
    });
  });

  test('is told from a hub that refuses: that is not asked again', async () => {
    hub.noPathsInfo = 403;
    await expect(model('owner/bit')).rejects.toThrow(/granted access/);
    hub.noPathsInfo = null;
    await expect(model('owner/fickle')).rejects.toThrow(/neither a path/);
    expect(hub.log.filter((line) => line.startsWith('HEAD'))).toEqual([]);
  });

  test('and does not have a file either', async () => {
    hub.noPathsInfo = 404;
    await expect(model('owner/bare')).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringContaining('There is no model.safetensors') as string,
    });
  });
});

describe('a subfolder', () => {
  test('of a hub model has the files, sharded or not', async () => {
    const { dir, weights } = await model('owner/nested', { subfolder: 'deep/er' });
    expect(weights.files).toEqual([join(dir, 'm-1.safetensors')]);
    expect(dir.endsWith(join(COMMIT, 'deep', 'er'))).toBe(true);
    const { configPath } = await resolveSource('owner/nested', { subfolder: 'deep/er/' }, 'config');
    expect(readFileSync(configPath, 'utf8')).toBe('{"deep":1}');
    await expect(model('owner/nested')).rejects.toMatchObject({ code: 'ERR_BIT_CHECKPOINT' });
  });

  test.each(['..', 'a/../../b', '/etc', 'C:\\x', '\\\\server\\x', 3, 'a\0b'])(
    '%p leads out of the source, and is refused',
    async (subfolder) => {
      const options = { subfolder } as PretrainedOptions;
      await expect(model('owner/nested', options)).rejects.toMatchObject({
        code: 'ERR_BIT_CHECKPOINT',
        message: expect.stringContaining('for subfolder') as string,
      });
    },
  );
});

describe('a hub id', () => {
  test("lands in the layout of Python's cache", async () => {
    const { dir, weights } = await model('owner/bit');
    const { configPath } = await resolveSource('owner/bit', {}, 'config');
    const repo = join(cache, 'models--owner--bit');
    expect(dir).toBe(join(repo, 'snapshots', COMMIT));
    expect(configPath).toBe(join(dir, 'config.json'));
    expect(weights).toEqual({ files: [join(dir, 'model.safetensors')] });
    expect(readFileSync(join(dir, 'model.safetensors'))).toEqual(WEIGHTS);
    expect(readFileSync(join(repo, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(lstatSync(join(dir, 'config.json')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(dir, 'model.safetensors'))).toMatch(
      /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/,
    );
    expect(
      readdirSync(join(repo, 'blobs')).every((name) => /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(name)),
    ).toBe(true);
  });

  test('is fetched once: the second time only the revision is asked', async () => {
    await model('owner/bit');
    hub.log.length = 0;
    await model('owner/bit');
    expect(hub.log).toEqual(['GET /api/models/owner/bit/revision/main']);
    hub.log.length = 0;
    await model('owner/bit', { revision: COMMIT });
    expect(hub.log).toEqual([]); // a commit stays what it is
  });

  test('of a commit is kept under that alone: it is no name of a branch', async () => {
    const { dir } = await model('owner/bit', { revision: COMMIT });
    expect(dir).toBe(join(cache, 'models--owner--bit', 'snapshots', COMMIT));
    expect(readdirSync(join(cache, 'models--owner--bit')).sort()).toEqual(['blobs', 'snapshots']);
    const other = model('owner/bit', { revision: OLD_COMMIT, localFilesOnly: true });
    await expect(other).rejects.toThrow(`does not have its revision '${OLD_COMMIT}'`);
  });

  test('names its revision where that is not the usual one', async () => {
    const missing = resolveSource('owner/bit', { revision: 'v1' }, 'processor');
    await expect(missing).rejects.toThrow(
      "There is no preprocessor_config.json in 'owner/bit' (v1). Check that the model is one of BiT",
    );
    await expect(model('owner/bare')).rejects.toThrow("in 'owner/bare'. Check that");
  });

  test('brings only what is wanted', async () => {
    await resolveSource('owner/bit', {}, 'config');
    await resolveSource('owner/bit', {}, 'processor');
    expect(hub.log.some((line) => line.startsWith('cdn'))).toBe(false);
    expect(readdirSync(join(cache, 'models--owner--bit', 'snapshots', COMMIT)).sort()).toEqual([
      'config.json',
      'preprocessor_config.json',
    ]);
  });

  test('without an owner works; .bin is taken where there is no safetensors', async () => {
    const { weights } = await model('gpt');
    expect(weights.files[0]).toMatch(/models--gpt\/.*pytorch_model\.bin$/);
  });

  test('honours the revision', async () => {
    const { dir, weights } = await model('owner/bit', { revision: 'v1' });
    const { configPath } = await resolveSource('owner/bit', { revision: 'v1' }, 'config');
    expect(dir).toBe(join(cache, 'models--owner--bit', 'snapshots', OLD_COMMIT));
    expect(readFileSync(configPath, 'utf8')).toBe('{"v1":1}');
    expect(weights.files[0]).toMatch(/pytorch_model\.bin$/);
  });

  test('brings all shards and the names that they must hold', async () => {
    const { dir, weights } = await model('owner/sharded');
    expect(weights).toEqual({
      files: [join(dir, 'm-1.safetensors'), join(dir, 'm-2.safetensors')],
      indexPath: join(dir, 'model.safetensors.index.json'),
    });
  });

  test('is asked once for all names that may be wanted together', async () => {
    await model('owner/sharded');
    expect(hub.log.filter((line) => !line.startsWith('cdn'))).toEqual([
      'GET /api/models/owner/sharded/revision/main',
      `POST /api/models/owner/sharded/paths-info/${COMMIT}`,
      `GET /owner/sharded/resolve/${COMMIT}/model.safetensors.index.json`,
      `POST /api/models/owner/sharded/paths-info/${COMMIT}`,
      `GET /owner/sharded/resolve/${COMMIT}/m-1.safetensors`,
      `GET /owner/sharded/resolve/${COMMIT}/m-2.safetensors`,
    ]);
  });

  test('whose contents are there waits for nobody who brings them again', async () => {
    const { dir } = await model('owner/bit');
    const path = join(dir, 'model.safetensors');
    const blob = join(dir, readlinkSync(path));
    rmSync(path);
    writeFileSync(`${blob}.lock`, `${process.pid} ${hostname()}`);
    hub.log.length = 0;
    const { weights } = await model('owner/bit', { signal: AbortSignal.timeout(10_000) });
    expect(readFileSync(weights.files[0] as string)).toEqual(WEIGHTS);
    expect(hub.log.filter((line) => line.startsWith('cdn'))).toEqual([]);
  });

  test('reports progress per file, from nothing to all', async () => {
    const seen: DownloadProgress[] = [];
    await model('owner/bit', { onProgress: (progress) => seen.push(progress) });
    const weights = seen.filter(({ file }) => file === 'model.safetensors');
    expect(weights[0]).toEqual({ file: 'model.safetensors', loaded: 0, total: WEIGHTS.length });
    expect(weights.at(-1)?.loaded).toBe(WEIGHTS.length);
  });

  test('continues a download that was cut', async () => {
    hub.cutAfter = 70_000;
    const { weights } = await model('owner/bit');
    expect(hub.log.filter((line) => line.startsWith('cdn'))).toEqual([
      'cdn all',
      'cdn bytes=70000-',
    ]);
    expect(readFileSync(weights.files[0] ?? '')).toEqual(WEIGHTS);
  });

  test('a damaged file is not kept', async () => {
    hub.damage = true;
    await expect(model('owner/bit')).rejects.toThrow(/damaged: its hash is another/);
    hub.damage = false;
    await model('owner/bit');
  });

  test('two at once fetch it once', async () => {
    await Promise.all([model('owner/bit'), model('owner/bit')]);
    expect(hub.log.filter((line) => line.startsWith('cdn'))).toHaveLength(1);
  });
});

describe('the token', () => {
  test.each([
    ['the option', () => ({ token: 'hf_option' }), 'hf_option'],
    ['HF_TOKEN', () => void (process.env['HF_TOKEN'] = 'any-mirror-token'), 'any-mirror-token'],
    ['the saved file', () => writeFileSync(join(home, 'token'), 'hf_saved\n'), 'hf_saved'],
  ])('from %s goes to the hub and nowhere else', async (_, set, expected) => {
    await model('owner/bit', set() ?? {});
    expect([...hub.tokens.hub]).toEqual([`Bearer ${expected}`]);
    expect(hub.tokens.cdn.size).toBe(0);
    expect(hub.log.some((line) => line.startsWith('cdn'))).toBe(true);
  });

  test('is not sent when there is none, or none is to be sent', async () => {
    writeFileSync(join(home, 'token'), 'hf_saved');
    process.env['HF_HUB_DISABLE_IMPLICIT_TOKEN'] = '1';
    await model('owner/bit');
    expect(hub.tokens.hub.size).toBe(0);
  });
});

describe('offline', () => {
  test('uses the cache and asks nobody', async () => {
    const online = await model('owner/bit');
    hub.log.length = 0;
    process.env['HF_HUB_OFFLINE'] = '1';
    expect(await model('owner/bit')).toEqual(online);
    delete process.env['HF_HUB_OFFLINE'];
    expect(await model('owner/bit', { localFilesOnly: true, revision: COMMIT })).toEqual(online);
    expect(hub.log).toEqual([]);
  });

  test('says so when the cache has not got it, or not all of it', async () => {
    const offline = { localFilesOnly: true };
    await expect(model('owner/bit', offline)).rejects.toThrow(
      /cache .* does not have its revision 'main'.*HF_HUB_OFFLINE/,
    );
    await resolveSource('owner/bit', {}, 'config');
    await expect(model('owner/bit', offline)).rejects.toThrow(
      /no model\.safetensors.* in 'owner\/bit'.*Only the cache/,
    );
  });

  test('a hub that is out of reach leaves the cache', async () => {
    const online = await model('owner/bit');
    await hub.close();
    expect(await model('owner/bit')).toEqual(online);
    await expect(model('owner/bit', { revision: 'v1' })).rejects.toThrow(
      /cannot be reached: .*ECONNREFUSED[^]*connection/,
    );
    await expect(resolveSource('owner/bit', {}, 'processor')).rejects.toThrow(
      /preprocessor_config.*cannot be reached/,
    );
  });

  test('cacheDir and HF_HUB_CACHE name another cache', async () => {
    const other = join(home, 'other');
    expect((await model('owner/bit', { cacheDir: other })).dir.startsWith(other)).toBe(true);
    process.env['HF_HUB_CACHE'] = other;
    hub.log.length = 0;
    expect((await model('owner/bit', { localFilesOnly: true })).dir.startsWith(other)).toBe(true);
  });
});

describe('refusals', () => {
  test.each([
    ['owner/none', {}, /neither a path on this machine nor a model[^]*set HF_TOKEN/],
    ['owner/bit', { revision: 'v9' }, /no revision 'v9'/],
    ['owner/gated', {}, /granted access[^]*Ask for it on .*owner\/gated/],
    ['owner/bare', {}, /no model\.safetensors, .* in 'owner\/bare'/],
    ['owner/torn', {}, /lists m-1\.safetensors, which 'owner\/torn' does not have/],
    ['owner/bit', { revision: '../../x' }, /for revision but received/],
  ])('%s %j', async (id, options, message) => {
    const failing = model(id, options);
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_BIT_CHECKPOINT',
      message: expect.stringMatching(message),
    });
  });

  test.each(['', '-x', '/x', 'a b', 'a..b', 'a?b', 'a\\b', 'a#b', 'v1\n'])(
    '%j is no revision',
    async (revision) => {
      const failing = model('owner/bit', { revision });
      await expect(failing).rejects.toThrow('Expected a branch, tag or commit for revision but');
      expect(hub.log).toEqual([]);
    },
  );

  test.each(['v1.0', '.x', 'refs/pr/1', 'feature/x+y@2', 'a-b_c'])(
    '%j may be one',
    async (revision) => {
      const offline = model('owner/bit', { revision, localFilesOnly: true });
      await expect(offline).rejects.toThrow(`does not have its revision '${revision}'`);
    },
  );

  test('an aborted signal rejects with its reason', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(model('owner/bit', { signal: controller.signal, onProgress })).rejects.toThrow(
      'enough',
    );
  });
});
