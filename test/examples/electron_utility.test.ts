// The Electron example's inference process, in plain Node: a child process plays Electron's utility process.
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { runScript, ROOT } from '../support/child';
import { expected, IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';
import { copyApp, EXAMPLE, part, type Child, type EngineClass, type Told } from './electron_app';

const folder = temporaryFolder();
const app = copyApp(folder);
const PICTURES = join(ROOT, 'examples', 'pictures');

const { Engine } = part<{ Engine: EngineClass }>('lib', 'engine.js');
const { forkUtility } = part<{
  forkUtility: (path: string, args: string[], options?: { execArgv: string[] }) => Child;
}>('web', 'node_process.js');

const engines: { stop(): void }[] = [];
afterAll(() => engines.forEach((engine) => engine.stop()));

/** An engine on the copied app, and what it tells. */
async function started({
  decoder = 'auto',
  execArgv = [] as string[],
  args = [] as string[],
} = {}) {
  const children: Child[] = [];
  const fork = (flags: string[]) => {
    children.push(forkUtility(join(app, 'utility', 'main.js'), flags, { execArgv }));
    return children.at(-1) as Child;
  };
  const engine = new Engine({ fork, decoder, args });
  engines.push(engine);
  const told: Told[] = [];
  engine.on('event', (event) => told.push(event));
  const phase = (wanted: string) =>
    new Promise<void>((resolve) =>
      engine.on('state', (state) => void (state.phase === wanted && resolve())),
    );
  const settled = Promise.race([phase('ready'), phase('stopped')]);
  engine.start();
  await settled;
  /** What was told of a kind, by the picture's name. */
  const named = (kind: string) => {
    const names = new Map(
      told
        .filter(({ event }) => event === 'found')
        .flatMap(({ pictures }) => pictures.map(({ picture, name }) => [picture, name] as const)),
    );
    const ofKind = told.filter(({ event }) => event === kind);
    return new Map(ofKind.map((event) => [names.get(event.picture), event]));
  };
  const idle = () =>
    new Promise<void>((resolve) => {
      const look = () =>
        void (told.at(-1)?.event === 'progress' && !told.at(-1)?.['isBusy'] && resolve());
      engine.on('event', look);
      look();
    });
  /** All that a folder has, looked at. */
  const look = async (...paths: string[]) => {
    await engine.request('add', { paths }, { timeoutMs: Infinity });
    await idle();
  };
  return { engine, children, told, named, look, phase };
}

const best = (event?: Told) => (event?.['labels'] as { label: string }[])[0]?.label;
const idOf = (event?: Told) => event?.picture as number;

/** Boat, cat, coffee, a smaller coffee and two that are broken, in folders with names of many kinds. */
function pictures(): string {
  const place = join(folder, 'Bilder – ベスト 1');
  mkdirSync(join(place, 'tiefer', '.hidden'), { recursive: true });
  for (const name of ['boat.jpg', 'cat.jpg', 'coffee.jpg'])
    copyFileSync(join(PICTURES, name), join(place, name));
  copyFileSync(join(IMAGES, 'truncated.jpg'), join(place, 'tiefer', 'halb.jpg'));
  writeFileSync(join(place, 'tiefer', 'none.png'), 'no picture at all');
  writeFileSync(join(place, 'notes.txt'), 'passed by');
  copyFileSync(join(PICTURES, 'cat.jpg'), join(place, 'tiefer', '.hidden', 'cat.jpg'));
  symlinkSync(place, join(place, 'tiefer', 'round'));
  symlinkSync('nowhere', join(place, 'lost.jpg'));
  return place;
}

const place = pictures();

beforeAll(() =>
  sharp(join(PICTURES, 'coffee.jpg'))
    .resize(400)
    .jpeg({ quality: 70 })
    .toFile(join(place, 'tiefer', 'Kaffee ü.jpg')),
);

describe('with sharp', () => {
  let running: Awaited<ReturnType<typeof started>>;
  beforeAll(async () => {
    running = await started();
    await running.look(place);
  });

  test('finds each picture of a folder once, whatever its name, and shows and labels it', () => {
    const { told, named, engine } = running;
    expect(engine.state).toMatchObject({ phase: 'ready', decoder: 'sharp' });
    const base = 'Bilder – ベスト 1';
    const good = ['boat.jpg', 'cat.jpg', 'coffee.jpg', 'tiefer/Kaffee ü.jpg'].map(
      (name) => `${base}/${name}`,
    );
    const bad = ['tiefer/halb.jpg', 'tiefer/none.png'].map((name) => `${base}/${name}`);
    const found = told.filter(({ event }) => event === 'found').flatMap((event) => event.pictures);
    expect(found.map(({ name }) => name).sort()).toEqual([...good, ...bad].sort());
    expect([...named('labels').keys()].sort()).toEqual(good);
    expect([...named('failed').keys()].sort()).toEqual(bad);
    // What is drawn on them.
    expect(best(named('labels').get(good[0]))).toBe('boat');
    expect(best(named('labels').get(good[1]))).toBe('cat');
    // Messages do not repeat where it is.
    expect(named('failed').get(bad[1])?.['message']).toMatch(/no picture of a known format/);
    expect(JSON.stringify([...named('failed').values()])).not.toContain(folder);
    expect(told.at(-1)).toEqual({ event: 'progress', found: 6, done: 6, isBusy: false });
  });

  test('makes thumbnails of bounded size, in the picture’s own shape', async () => {
    const { width, height, bytes } = running
      .named('thumbnail')
      .get('Bilder – ベスト 1/coffee.jpg') as Told & {
      bytes: Uint8Array;
    };
    expect({ width, height }).toEqual({ width: 480, height: 320 });
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 480, height: 320 });
  });

  test('orders the others by their likeness, and tells near-duplicates', async () => {
    const { engine, named } = running;
    const [coffee, small] = ['coffee.jpg', 'tiefer/Kaffee ü.jpg'].map((name) =>
      named('labels').get(`Bilder – ベスト 1/${name}`),
    );
    const similar = await engine.request<{ picture: number; similarity: number }[]>('similar', {
      picture: idOf(coffee),
    });
    expect(similar).toHaveLength(3);
    expect(similar[0]?.picture).toBe(idOf(small));
    const values = similar.map(({ similarity }) => similarity);
    expect([...values].sort((a, b) => b - a)).toEqual(values);
    for (const each of values) expect(Math.abs(each)).toBeLessThanOrEqual(1.000001);
    const pairs = [...named('duplicate').values()].map(({ picture, of }) => [picture, of].sort());
    expect(pairs).toEqual([[idOf(coffee), idOf(small)].sort()]);
  });

  test('draws what spoke for a label: a picture of the same shape', async () => {
    const { engine, named } = running;
    const coffee = named('labels').get('Bilder – ベスト 1/coffee.jpg') as Told;
    const [{ index }] = coffee['labels'] as [{ index: number }];
    const { png } = await engine.request<{ png: Uint8Array }>('overlay', {
      picture: coffee.picture,
      label: index,
    });
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 600, height: 400 });
  });

  test.each([
    ['similar', { picture: 999 }, 'not there any more'],
    ['overlay', { picture: 999, label: 0 }, 'not there any more'],
    ['overlay', { picture: 1, label: 999 }, /999/],
    ['nonsense', {}, 'no method nonsense'],
    ['toString', {}, 'no method toString'],
  ])('refuses %s with %j in words', (method, params, words) =>
    expect(running.engine.request(method, params)).rejects.toThrow(words),
  );

  test('stops where it is told to, keeps what it has, and goes on afterwards', async () => {
    const { engine, told, named } = running;
    const many = join(folder, 'many');
    mkdirSync(many);
    for (let i = 0; i < 120; i++)
      copyFileSync(join(PICTURES, 'coffee.jpg'), join(many, `${i}.jpg`));
    const before = told.length;
    void engine.request('add', { paths: [many] }).catch(() => {});
    await new Promise<void>((resolve) =>
      engine.on('event', ({ event }) => void (event === 'labels' && resolve())),
    );
    await engine.request('cancel');
    const since = told.slice(before);
    const count = (kind: string) => since.filter(({ event }) => event === kind).length;
    expect(count('labels')).toBeGreaterThan(0);
    expect(count('labels')).toBeLessThan(120);
    expect(count('failed')).toBe(0);
    const boat = { picture: idOf(named('labels').get('Bilder – ベスト 1/boat.jpg')) };
    expect(await engine.request<object[]>('similar', boat)).not.toHaveLength(0);
    // What was passed over is looked at when it comes again, and nothing twice.
    const skipped = since.filter(({ event }) => event === 'skipped');
    expect(skipped).not.toHaveLength(0);
    await running.look(many);
    expect(told.at(-1)).toEqual({ event: 'progress', found: 126, done: 126, isBusy: false });
    await engine.request('clear');
    await running.look(join(place, 'boat.jpg'));
    expect(told.at(-1)).toEqual({ event: 'progress', found: 1, done: 1, isBusy: false });
  });

  test('tells of a path that cannot be read, and looks at the others', async () => {
    const { engine, told, look } = running;
    await engine.request('clear');
    await look(join(folder, 'gone'), join(place, 'cat.jpg'));
    expect(told.filter(({ event }) => event === 'note').at(-1)?.['message']).toMatch(
      /ENOENT.*gone/,
    );
    expect(told.at(-1)).toMatchObject({ found: 1, done: 1 });
  });

  test('takes a huge picture of any format, and little memory for it', async () => {
    const { engine, children, named, look } = running;
    await engine.request('clear');
    const huge = { width: 12_000, height: 8000, channels: 3, background: '#4682b4' } as const;
    const path = join(folder, 'huge.png');
    await sharp({ create: huge }).png({ compressionLevel: 1 }).toFile(path);
    await look(path);
    expect(named('thumbnail').get('huge.png')).toMatchObject({ width: 480, height: 320 });
    const { picture } = named('labels').get('huge.png') as Told;
    const map = await engine.request<{ pixels: object }>('overlay', { picture, label: 0 });
    expect(map.pixels).toMatchObject({ width: 640, height: 427, channels: 3 });
    // All of its pixels would be 288 MB, and each of the two networks would decode them.
    const status = readFileSync(`/proc/${children[0]?.pid}/status`, 'utf8');
    const [, peak] = /VmHWM:\s+(\d+) kB/.exec(status) as RegExpExecArray;
    expect(Number(peak) / 1024).toBeLessThan(500);
  });

  test('is killed, and another one takes its place without sharp', async () => {
    const { engine, children, phase } = running;
    const isReady = phase('ready');
    const waiting = engine.request('add', { paths: [place] }, { timeoutMs: Infinity });
    const refused = expect(waiting).rejects.toThrow('The engine ended by itself (SIGKILL).');
    process.kill(children[0]?.pid as number, 'SIGKILL');
    await refused;
    await isReady;
    expect(children).toHaveLength(2);
    expect(engine.state).toMatchObject({
      decoder: 'page',
      reason: expect.stringContaining('SIGKILL') as string,
    });
  });
});

describe('where sharp does not load', () => {
  /** As it is beside Electron's GLib: requiring it fails. */
  function withoutSharp(): string[] {
    const hook = join(folder, 'no_sharp.cjs');
    writeFileSync(
      hook,
      `const Module = require('node:module');
       const load = Module._load;
       Module._load = function (name, ...rest) {
         if (name === 'sharp') throw new Error('libvips cannot be loaded');
         return load.call(this, name, ...rest);
       };`,
    );
    return ['--require', hook];
  }

  test('the page is asked for pixels, which give the same labels, and maps without sharp', async () => {
    const { engine, named, look, told } = await started({ execArgv: withoutSharp() });
    expect(engine.state).toMatchObject({ phase: 'ready', decoder: 'page' });
    // What a page would do; sharp stands in for the browser's decoder.
    engine.on('event', ({ event, picture, path, side }) => {
      if (event !== 'decode') return;
      void sharp(path as string)
        .resize(side as number, side as number, { fit: 'inside', withoutEnlargement: true })
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true })
        .then(
          ({ data, info: { width, height } }) => ({ pixels: { data, width, height, channels: 4 } }),
          () => ({ message: 'It cannot be decoded.' }),
        )
        .then((outcome) => engine.request('decoded', { picture, ...outcome }));
    });
    await look(place);
    const base = 'Bilder – ベスト 1';
    expect(best(named('labels').get(`${base}/boat.jpg`))).toBe('boat');
    expect(best(named('labels').get(`${base}/cat.jpg`))).toBe('cat');
    expect(named('failed').get(`${base}/tiefer/halb.jpg`)).toMatchObject({
      message: 'It cannot be decoded.',
    });
    expect(told.some(({ event }) => event === 'thumbnail')).toBe(false);
    const boat = named('labels').get(`${base}/boat.jpg`) as Told;
    const [{ index }] = boat['labels'] as [{ index: number }];
    const { pixels } = await engine.request<{ pixels: Record<string, unknown> }>('overlay', {
      picture: boat.picture,
      label: index,
    });
    expect(pixels).toMatchObject({ width: 256, height: 256, channels: 3 });
    expect(pixels['data']).toHaveLength(256 * 256 * 3);
  });
});

test('a model that is not there is told, with its name, and not tried again', async () => {
  const { engine, children } = await started({ args: [`--model=${join(folder, 'no model')}`] });
  expect(engine.state).toMatchObject({
    phase: 'stopped',
    reason: expect.stringContaining('no model') as string,
  });
  expect(children).toHaveLength(1);
});

test('the page knows how large a picture is before it decodes it', async () => {
  const names = Object.keys(expected.pictures).filter((name) => /\.(png|gif|webp)$/.test(name));
  expect(names.length).toBeGreaterThan(15);
  const script = `
    import { readFileSync } from 'node:fs';
    import { sizeOf } from ${JSON.stringify(join(EXAMPLE, 'page', 'picture_size.mjs'))};
    const sizes = ${JSON.stringify(names)}.map((name) => {
      const { width, height } = sizeOf(readFileSync(${JSON.stringify(`${IMAGES}/`)} + name).subarray(0, 4096));
      return [name, ...[width, height].sort((a, b) => a - b)];
    });
    const short = sizeOf(Buffer.from('\\x89PNG'));
    console.log(JSON.stringify({ sizes, others: [short, sizeOf(Buffer.from('<svg>'))] }));`;
  const { sizes, others } = await runScript<{ sizes: unknown[]; others: unknown[] }>(script, {
    esm: true,
  });
  // Pillow's, which has turned some of them.
  const pillows = names.map((name) => {
    const { width, height } = expected.pictures[name] as { width: number; height: number };
    return [name, ...[width, height].sort((a, b) => a - b)];
  });
  expect(sizes).toEqual(pillows);
  expect(others).toEqual([null, null]);
});
