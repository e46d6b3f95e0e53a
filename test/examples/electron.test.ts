// The Electron example's main process: its engine, what it lets the page ask, its window, and preload's surface.
import { EventEmitter } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from '../support/temporary';
import {
  EXAMPLE,
  part,
  type Child,
  type Engine,
  type EngineClass,
  type State,
  type Told,
} from './electron_app';

const folder = temporaryFolder();
const { Engine, MAX_DEATHS, RESPAWN_MS } = part<{
  Engine: EngineClass;
  MAX_DEATHS: number;
  RESPAWN_MS: number;
}>('lib', 'engine.js');

/** A utility process that does nothing by itself. */
class FakeChild extends EventEmitter {
  sent: unknown[] = [];
  killed = false;
  postMessage(message: unknown) {
    this.sent.push(message);
  }
  kill() {
    this.killed = true;
  }
}

function startedEngine(decoder = 'auto') {
  const children: FakeChild[] = [];
  const started: string[][] = [];
  const fork = (args: string[]) => {
    started.push(args);
    children.push(new FakeChild());
    return children.at(-1) as unknown as Child;
  };
  const engine: Engine = new Engine({ fork, decoder, args: ['--model=m'] });
  const states: State[] = [];
  engine.on('state', (state) => states.push(state));
  engine.start();
  const child = () => children.at(-1) as FakeChild;
  const ready = (by = 'sharp') => child().emit('message', { event: 'ready', decoder: by });
  return { engine, children, started, states, child, ready };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('requests', () => {
  test('are answered by their ids, in any order', async () => {
    const { engine, child, ready } = startedEngine();
    ready();
    const first = engine.request('similar', { picture: 1 });
    const second = engine.request('similar', { picture: 2 });
    expect(child().sent).toEqual([
      { id: 1, method: 'similar', params: { picture: 1 } },
      { id: 2, method: 'similar', params: { picture: 2 } },
    ]);
    child().emit('message', { id: 2, result: 'two' });
    child().emit('message', { id: 1, error: { message: 'no such picture', code: 'ERR_X' } });
    await expect(second).resolves.toBe('two');
    await expect(first).rejects.toMatchObject({ message: 'no such picture', code: 'ERR_X' });
  });

  test('end after their time, and tell the process', async () => {
    const { engine, child } = startedEngine();
    const slow = engine.request('overlay', {}, { timeoutMs: 5000 });
    const given = expect(slow).rejects.toThrow('overlay: no answer within 5 s.');
    jest.advanceTimersByTime(5000);
    await given;
    expect(child().sent.at(-1)).toEqual({ cancel: 1 });
    // An answer that comes too late is nobody's.
    child().emit('message', { id: 1, result: 'late' });
    expect(engine.state.phase).toBe('starting');
  });

  test('can be cancelled, before and after they are sent', async () => {
    const { engine, child } = startedEngine();
    const stop = new AbortController();
    const request = engine.request('overlay', {}, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(request).rejects.toThrow('enough');
    expect(child().sent.at(-1)).toEqual({ cancel: 1 });
    await expect(engine.request('x', {}, { signal: stop.signal })).rejects.toThrow('enough');
    expect(child().sent).toHaveLength(2);
  });
});

describe('a process that dies', () => {
  test('takes its requests with it, with the reason, and another one decodes without sharp', async () => {
    const { engine, children, started, states, child, ready } = startedEngine();
    ready();
    const request = engine.request('overlay', {});
    child().emit('exit', null, 'SIGSEGV');
    await expect(request).rejects.toThrow('The engine ended by itself (SIGSEGV).');
    expect(states.at(-1)).toMatchObject({ phase: 'starting', decoder: 'page' });
    await expect(engine.request('similar')).rejects.toThrow('SIGSEGV');
    jest.advanceTimersByTime(RESPAWN_MS);
    expect(children).toHaveLength(2);
    expect(started).toEqual([
      ['--decoder=auto', '--model=m'],
      ['--decoder=page', '--model=m'],
    ]);
    ready('page');
    expect(engine.state).toMatchObject({ phase: 'ready', decoder: 'page' });
  });

  test('again and again is not started for ever; the user may', () => {
    const { engine, children, child } = startedEngine();
    for (let death = 0; death <= MAX_DEATHS; death++) {
      child().emit('exit', 1);
      jest.advanceTimersByTime(RESPAWN_MS);
    }
    expect(children).toHaveLength(MAX_DEATHS + 1);
    expect(engine.state).toMatchObject({
      phase: 'stopped',
      reason: expect.stringContaining('code 1') as string,
    });
    engine.start();
    expect(children).toHaveLength(MAX_DEATHS + 2);
  });

  test('now and then is always started', () => {
    const { children, child } = startedEngine();
    for (let death = 0; death < 3 * MAX_DEATHS; death++) {
      child().emit('exit', 1);
      jest.advanceTimersByTime(60_000);
    }
    expect(children).toHaveLength(3 * MAX_DEATHS + 1);
  });

  test('after another has taken its place changes nothing', () => {
    const { engine, children, child, ready } = startedEngine();
    child().emit('exit', 1);
    jest.advanceTimersByTime(RESPAWN_MS);
    ready('page');
    children[0]?.emit('exit', 1);
    children[0]?.emit('message', { event: 'broken', message: 'old' });
    expect(engine.state.phase).toBe('ready');
  });
});

test('a model that does not load is told, and not tried again', () => {
  const { engine, children, child } = startedEngine();
  child().emit('message', { event: 'broken', message: 'no libtorch' });
  jest.advanceTimersByTime(60_000);
  expect(engine.state).toMatchObject({ phase: 'stopped', reason: 'no libtorch', decoder: 'auto' });
  expect(children).toHaveLength(1);
  expect(child().killed).toBe(true);
});

test.each([['text'], [null], [{ some: 'thing' }], [{ id: 'one' }]])(
  'a message that is none of the protocol ends the process: %j',
  (message) => {
    const { engine, child } = startedEngine();
    child().emit('message', message);
    expect(child().killed).toBe(true);
    expect(engine.state.reason).toContain('nobody understands');
  },
);

test('a process that never gets ready is killed', () => {
  const { engine, child } = startedEngine();
  jest.advanceTimersByTime(600_000);
  expect(engine.state.reason).toBe('The model did not load within 600 s.');
  expect(child().killed).toBe(true);
});

test('an engine that is stopped stays so, and its requests reject', async () => {
  const { engine, children, child, ready } = startedEngine();
  ready();
  const request = engine.request('similar');
  engine.stop();
  await expect(request).rejects.toThrow('The engine was stopped.');
  expect(child().killed).toBe(true);
  child().emit('exit', 0);
  jest.advanceTimersByTime(60_000);
  expect(children).toHaveLength(1);
  expect(engine.state).toMatchObject({ phase: 'stopped', reason: null });
});

describe('what the page may ask', () => {
  const { Desk, METHODS } = part<{
    METHODS: string[];
    Desk: new (options: { engine: Engine; send: (event: Told) => void }) => {
      add(paths: string[]): void;
      call(method: string, params?: unknown): Promise<unknown>;
      wanted(picture: number): string | undefined;
    };
  }>('lib', 'desk.js');

  function desk() {
    const parts = startedEngine();
    const told: Told[] = [];
    return {
      ...parts,
      told,
      desk: new Desk({ engine: parts.engine, send: (event) => told.push(event) }),
    };
  }

  test.each(['add', 'constructor', '_overlay', '__proto__', 'call', '#look', ''])(
    'not %j',
    async (method) => {
      const { desk: one, child, ready } = desk();
      ready();
      await expect(one.call(method, { paths: ['/etc/passwd'] })).rejects.toThrow('no method');
      expect(child().sent).toEqual([]);
    },
  );

  const pixels = (data: unknown, width: number) => ({
    picture: 1,
    pixels: { data, width, height: 1 },
  });
  test.each([
    ['a picture below zero', 'overlay', { picture: -1, label: 0 }],
    ['a label by name', 'overlay', { picture: 1, label: 'boat' }],
    ['half a picture', 'similar', { picture: 1.5 }],
    ['nothing', 'similar', null],
    ['too few pixels', 'decoded', pixels(new Uint8Array(3), 1)],
    ['pixels that are no bytes', 'decoded', pixels([0, 0, 0, 0], 1)],
    ['too many pixels', 'decoded', pixels(new Uint8Array(40_000), 10_000)],
  ])('nor by %s: %s', async (_, method, params) => {
    const { desk: one, child, ready } = desk();
    ready();
    await expect(one.call(method, params)).rejects.toThrow(TypeError);
    expect(child().sent).toEqual([]);
  });

  test('paths stay with the shell; only a picture that is to be decoded is served', () => {
    const { desk: one, child, ready, told } = desk();
    ready();
    child().emit('message', { event: 'decode', picture: 7, path: '/home/me/a.png', side: 768 });
    expect(told.at(-1)).toEqual({ event: 'decode', picture: 7, side: 768 });
    expect(one.wanted(7)).toBe('/home/me/a.png');
    expect(one.wanted(8)).toBeUndefined();
    const data = new Uint8Array(4);
    void one.call('decoded', { picture: 7, pixels: { data, width: 1, height: 1 } });
    expect(one.wanted(7)).toBeUndefined();
    const pixels = { data, width: 1, height: 1, channels: 4 };
    expect(child().sent.at(-1)).toMatchObject({
      method: 'decoded',
      params: { picture: 7, pixels },
    });
  });

  test('what was dropped is looked at when the model is there, and again by the next process', () => {
    const { desk: one, child, ready } = desk();
    one.add(['/a', '/b c']);
    expect(child().sent).toEqual([]);
    ready();
    expect(child().sent).toMatchObject([{ method: 'add', params: { paths: ['/a', '/b c'] } }]);
    child().emit('exit', 1);
    jest.advanceTimersByTime(RESPAWN_MS);
    ready('page');
    expect(child().sent).toMatchObject([{ method: 'add', params: { paths: ['/a', '/b c'] } }]);
  });

  test('what was cleared is not', async () => {
    const { desk: one, child, ready } = desk();
    one.add(['/a']);
    await one.call('clear');
    ready();
    expect(child().sent).toEqual([]);
  });

  test('every method has its place in preload, in the bridge and in the types', () => {
    const own = ['add', 'choose', 'listen'];
    const names = (file: string, pattern: RegExp) =>
      [...readFileSync(join(EXAMPLE, file), 'utf8').matchAll(pattern)]
        .map(([, name]) => name)
        .sort();
    const all = [...METHODS, ...own].sort();
    expect(names('preload.js', /^ {2}(\w+): \(/gm)).toEqual(all);
    const [, api = ''] = /interface Pictures \{(.*?)^\}/ms.exec(
      readFileSync(join(EXAMPLE, 'page', 'api.d.ts'), 'utf8'),
    ) as RegExpExecArray;
    const declared = [...api.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
    expect(declared.sort()).toEqual(all);
    expect(names('web/bridge.mjs', /^ {2}(\w+)(?:,$|: \()/gm)).toEqual([...all, 'collect'].sort());
  });
});

describe('the page’s files', () => {
  type Asset = { status: number; headers: Record<string, string>; body: Buffer | null };
  const { assetOf } = part<{
    assetOf: (pathname: string, wanted: (picture: number) => string | undefined) => Promise<Asset>;
  }>('lib', 'assets.js');
  const none = () => undefined;

  test('come with a policy that lets nothing else in', async () => {
    const { status, headers, body } = await assetOf('/', none);
    expect(status).toBe(200);
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    // No script and no style of its own, which the policy would forbid.
    expect(String(body)).not.toMatch(/<script(?![^>]* src=)|<style|style=|\son\w+=|https?:/);
  });

  test.each([
    '/../main.js',
    '/..%2fmain.js',
    '/%2e%2e/main.js',
    '/lib/desk.js',
    '/api.d.ts',
    '/picture/1',
    '//x',
  ])('are all there is: %s', async (pathname) => {
    const { status, body } = await assetOf(pathname, none);
    expect({ status, body }).toEqual({ status: 404, body: null });
  });

  test('a picture that is wanted, and only while it is there', async () => {
    const file = join(folder, 'ein Bild ü.png');
    writeFileSync(file, 'bytes');
    const asset = await assetOf('/picture/3', (picture) => (picture === 3 ? file : undefined));
    expect(asset.headers['content-length']).toBe('5');
    expect(asset.status).toBe(200);
    expect(await text(asset.body as unknown as Readable)).toBe('bytes');
    expect((await assetOf('/picture/3', () => `${file}.gone`)).status).toBe(404);
  });
});
