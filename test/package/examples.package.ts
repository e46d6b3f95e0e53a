// The examples, copied out of the clone and installed from the registry as their READMEs say.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../support/child';
import { Room, node } from './room';

const EXAMPLES = join(ROOT, 'examples');
const BOAT = /^ 9\d\.\d % {2}boat$/m;

/** A room with an example's files in it, where npm has installed what its package.json asks for. */
async function roomOf(name: string): Promise<Room> {
  const room = new Room({ name });
  cpSync(join(EXAMPLES, name), room.folder, { recursive: true });
  await room.install();
  return room;
}

describe('first programs', () => {
  const room = new Room();
  const boat = 'boat.jpg';

  beforeAll(async () => {
    await room.install('bigtransfer', 'typescript', '@types/node');
    for (const file of ['classify.js', 'classify.mjs', 'classify.ts'])
      cpSync(join(EXAMPLES, file), join(room.folder, file));
  });

  test.each(['classify.js', 'classify.mjs'])('%s', async (program) => {
    expect(await room.node(program, boat)).toMatch(BOAT);
    const missing = await room.run(join(room.bin, 'node'), [program, 'missing.jpg']);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toBe('Cannot read missing.jpg: no such file\n');
  });

  test('classify.ts, compiled as its head says', async () => {
    const head = readFileSync(join(room.folder, 'classify.ts'), 'utf8');
    const [, options = ''] = /npx tsc (.*?) classify\.ts/.exec(head) ?? [];
    const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
    await room.node(tsc, ...options.split(' '), 'classify.ts');
    expect(await room.node(join('out', 'classify.js'), boat)).toMatch(BOAT);
  });

  test.each([22, 24, 26])('classify.ts as it is, on Node %d', async (major) => {
    expect(await room.must(node(major), ['classify.ts', boat])).toMatch(BOAT);
  });
});

test('search', async () => {
  const room = await roomOf('search');
  const pictures = join(room.folder, 'pictures');
  cpSync(join(EXAMPLES, 'pictures'), pictures, { recursive: true });
  expect(await room.node('index.mjs', 'add', 'pictures')).toMatch(/^3 added/);
  const boat = join('pictures', 'boat.jpg');
  expect(await room.node('index.mjs', 'find', boat, '-n', '2')).toMatch(
    /^1\.000 {2}.*boat\.jpg\n0\.\d{3} {2}/,
  );
  rmSync(join(room.folder, boat));
  expect(await room.node('index.mjs', 'add', 'pictures')).toMatch(/2 unchanged, 1 forgotten/);
});

test('http-service', async () => {
  const room = await roomOf('http-service');
  const child = spawn(join(room.bin, 'node'), ['server.mjs'], {
    cwd: room.folder,
    env: { ...room.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  try {
    const lines = createInterface({ input: child.stdout });
    let url = '';
    for await (const line of lines) {
      url = /Server listening at (http:[^"]+)/.exec(line)?.[1] ?? url;
      if (line.includes('"Ready"')) break;
    }
    child.stdout.resume();
    const answer = await fetch(`${url}/classify?top_k=1`, {
      method: 'POST',
      body: new Uint8Array(readFileSync(join(EXAMPLES, 'pictures', 'boat.jpg'))),
      headers: { 'content-type': 'image/jpeg' },
    });
    expect(await answer.json()).toMatchObject({ results: [{ predictions: [{ label: 'boat' }] }] });
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('worker-pool', async () => {
  const room = await roomOf('worker-pool');
  const told = await room.node('index.mjs', join(EXAMPLES, 'pictures'), '--threads', '2');
  expect(told).toMatch(/boat\.jpg: boat 9\d\.\d %/);
  expect(told).toContain('3 pictures, 0 unreadable, by 2 workers');
});

test('each example names what it takes and nothing else, and says how it is started', () => {
  const folders = ['search', 'http-service', 'worker-pool'];
  for (const name of folders) {
    const folder = join(EXAMPLES, name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const sources = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
    const text = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
    const imported = [
      ...text.matchAll(/^import [^;]*?from '(?!node:|\.)([^']+)';$/gms),
      ...text.matchAll(/createRequire\(import\.meta\.url\)\('([^']+)'\)/g),
    ];
    const names = new Set(imported.map(([, each]) => each));
    expect([...names].sort()).toEqual(Object.keys(manifest.dependencies).sort());
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(
      /^npm install .*\nnode \S+\.mjs/m,
    );
  }
});
