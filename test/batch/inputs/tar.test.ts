import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { picturesInTar } from '../../../lib/batch/inputs/tar';
import { BitError } from '../../../lib/errors';
import { BATCH, expectedShards, sha256, toldOf } from '../../support/shards';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
const whole = readFileSync(join(BATCH, 'webdataset.tar'));
const samples = expectedShards['webdataset.tar'] as { name: string; sha256: string }[];

function written(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** The pictures' names, and what is said of the archive itself at the end. */
async function read(path: string) {
  const told = await toldOf(picturesInTar(path));
  const last = told.at(-1);
  const problem = last?.path === path && 'text' in last ? last.text : null;
  const pictures = problem === null ? told : told.slice(0, -1);
  return { names: pictures.map((each) => each.path.slice(path.length + 1)), problem };
}

const problemOf = (path: string, why: string) => `Cannot read all of the shard ${path}: ${why}`;

/** How many times this process has a file open. */
const handlesOf = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;

/** Streams let go of files a few turns after they end. */
async function expectClosed(path: string): Promise<void> {
  for (let turn = 0; turn < 100 && handlesOf(path) > 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(handlesOf(path)).toBe(0);
}

describe('archives of other tools', () => {
  const archives = Object.keys(expectedShards).filter((name) => !name.endsWith('.parquet'));

  test('there are those of every kind', () => {
    expect(archives).toHaveLength(13);
  });

  test.each(archives.filter((name) => name !== 'no_end.tar'))('%s', async (name) => {
    const path = join(BATCH, name);
    const wanted = (expectedShards[name] as typeof samples).map((each) => ({
      path: `${path}/${each.name}`,
      sha256: each.sha256,
    }));
    expect(await toldOf(picturesInTar(path))).toEqual(wanted);
  });

  test('what is no file is a row that says so, and folders are none', async () => {
    const path = join(BATCH, 'others.tar');
    const told = await toldOf(picturesInTar(path));
    const link = 'it is a link to folder.png/a.png, and links in archives are not followed';
    expect(
      told.map((each) => [each.path.slice(path.length + 1), 'text' in each && each.text]),
    ).toEqual([
      ['folder.png/a.png', false],
      ['symbolic.png', `Cannot read the image: ${link}`],
      ['hard.png', `Cannot read the image: ${link}`],
      ['pipe.png', 'Cannot read the image: it is stored as fifo, not as a file'],
      ['empty.png', false],
      ['contiguous.png', false],
    ]);
    expect(told[4]).toMatchObject({ sha256: sha256(new Uint8Array(0)) });
  });

  test('the system’s tar writes what is read', async () => {
    const inner = join(folder, 'by tar');
    mkdirSync(inner);
    writeFileSync(join(inner, 'a.png'), 'a');
    writeFileSync(join(inner, `${'long'.repeat(40)}.jpg`), 'b');
    for (const format of ['gnu', 'pax', 'v7', 'oldgnu', 'ustar']) {
      const path = join(folder, `${format}.tar`);
      const names =
        format === 'gnu' || format === 'pax' || format === 'oldgnu' ? ['.'] : ['./a.png'];
      execFileSync('tar', [
        `--format=${format}`,
        '--sort=name',
        '-cf',
        path,
        '-C',
        inner,
        ...names,
      ]);
      const long = names[0] === '.' ? [`./${'long'.repeat(40)}.jpg`] : [];
      expect(await read(path)).toEqual({ names: ['./a.png', ...long], problem: null });
    }
  });
});

describe('archives that are cut off', () => {
  // Each picture is a block of its header and one of its bytes; so are the two files beside it.
  const BLOCK = 512;
  test.each([
    ['in a header', 6 * BLOCK + 100, 1, 'Unexpected end of data'],
    ['after a header', 7 * BLOCK, 1, 'Unexpected end of data'],
    ['in a picture', 7 * BLOCK + 30, 1, 'Unexpected end of data'],
    ['in the padding of a picture', 8 * BLOCK - 30, 2, 'Unexpected end of data'],
    ['between two files', 8 * BLOCK, 2, 'it has no mark at its end'],
    ['in the first header', 20, 0, 'Unexpected end of data'],
    ['before the first header', 0, 0, 'it is empty'],
  ])('%s', async (where, length, pictures, why) => {
    const path = written(`cut ${where}.tar`, whole.subarray(0, length));
    const { names, problem } = await read(path);
    expect(problem).toContain(problemOf(path, why));
    const all = samples.slice(0, pictures).map(({ name }) => name);
    expect(names).toEqual(all);
    await expectClosed(path);
  });

  test('with gzip: all whole pictures come first', async () => {
    const zipped = gzipSync(whole);
    for (const length of [zipped.length - 1, zipped.length - 9, Math.floor(zipped.length * 0.7)]) {
      const path = written('cut.tar.gz', zipped.subarray(0, length));
      const { names, problem } = await read(path);
      expect(names.length).toBeGreaterThanOrEqual(1);
      expect(names).toEqual(samples.slice(0, names.length).map(({ name }) => name));
      // Of the trailer alone nothing is missed that is the archive's own.
      if (length < zipped.length * 0.9) expect(problem).toContain(problemOf(path, ''));
      await expectClosed(path);
    }
  });

  test('with zstd', async () => {
    const zipped = readFileSync(join(BATCH, 'webdataset.tar.zst'));
    const path = written('cut.tar.zst', zipped.subarray(0, zipped.length - 5));
    expect((await read(path)).problem).toContain(problemOf(path, ''));
    await expectClosed(path);
  });
});

describe('what is no archive', () => {
  test.each<[string, Uint8Array | string, string]>([
    ['text', 'words '.repeat(300), 'Invalid tar header'],
    ['a broken header', Buffer.from(whole).fill(7, 0, 100), 'Invalid tar header'],
    ['a broken header later on', Buffer.from(whole).fill(7, 3072, 3100), 'Invalid tar header'],
    ['gzip of something', gzipSync('words '.repeat(300)), 'Invalid tar header'],
    ['broken gzip', Buffer.from(gzipSync(whole)).fill(255, 30, 60), ''],
    ['the beginning of gzip', Buffer.from([0x1f, 0x8b]), ''],
    [
      'broken zstd',
      Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(99, 255)]),
      '',
    ],
    ['nothing', '', 'it is empty'],
  ])('%s', async (name, bytes, why) => {
    const path = written(`${name}.tar`, bytes);
    const { problem } = await read(path);
    expect(problem).toContain(problemOf(path, why));
    await expectClosed(path);
  });

  test('an archive without a picture', async () => {
    const path = written('zeros.tar', Buffer.alloc(1024));
    const problem = problemOf(path, 'there is no image in this archive');
    expect(await read(path)).toEqual({ names: [], problem });
  });

  test('a folder, a device, a pipe, and what is not there or not ours', async () => {
    mkdirSync(join(folder, 'folder.tar'));
    execFileSync('mkfifo', [join(folder, 'pipe.tar')]);
    const problem = async (path: string) => (await read(path)).problem;
    expect(await problem(join(folder, 'folder.tar'))).toContain('it is a folder');
    expect(await problem(join(folder, 'pipe.tar'))).toContain('it is a pipe');
    expect(await problem('/dev/zero')).toContain('it is a device');
    expect(await problem(join(folder, 'gone.tar'))).toContain('no such file');
    const locked = written('locked.tar', whole);
    chmodSync(locked, 0);
    // The one user whom no permissions keep out reads it.
    const expected =
      process.getuid?.() === 0 ? null : problemOf(locked, 'no permission to read it');
    expect(await problem(locked)).toBe(expected);
  });
});

test('a picture that says it is larger than any may be is passed over, unread', async () => {
  const header = Buffer.from(whole.subarray(0, 512));
  const size = 2 ** 31;
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const path = written('large.tar', Buffer.concat([header, whole.subarray(512)]));
  const told = await toldOf(picturesInTar(path));
  const text = `Cannot read the image: it has ${size} bytes, and encoded images may have ${2 ** 30}`;
  expect(told[0]).toEqual({ path: `${path}/${samples[0]?.name}`, text });
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({
    path,
    text: expect.stringContaining('Unexpected end') as string,
  });
});

test('the same names come as often as they are there', async () => {
  const path = written('twice.tar', Buffer.concat([whole.subarray(0, 6 * 512), whole]));
  expect((await read(path)).names).toEqual(['000000.png', ...samples.map(({ name }) => name)]);
});

describe('large archives', () => {
  const PICTURES = 60;
  const bytes = Buffer.alloc(2 * 2 ** 20, 7);
  const path = join(folder, 'large archive.tar');

  beforeAll(async () => {
    const archive = pack();
    const done = pipeline(archive, createWriteStream(path));
    for (let at = 0; at < PICTURES; at++)
      await new Promise<void>((resolve, reject) => {
        const entry = archive.entry({ name: `${at}.jpg`, size: bytes.length }, (error) =>
          error ? reject(error as Error) : resolve(),
        );
        entry.end(bytes);
      });
    archive.finalize();
    await done;
  });

  test('are read as they are taken', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let count = 0;
    for await (const { image } of picturesInTar(path)) {
      expect((image as Uint8Array).length).toBe(bytes.length);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      count++;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(count).toBe(PICTURES);
    // Of 120 MB, what waits for the collector.
    expect(most).toBeLessThan(80 * 2 ** 20);
  });

  test('are closed where somebody stops on the way', async () => {
    for await (const { image } of picturesInTar(path)) {
      expect(image).not.toBeInstanceOf(BitError);
      expect(handlesOf(path)).toBe(1);
      break;
    }
    await expectClosed(path);
  });

  test('end with the signal’s reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const seen: string[] = [];
    const run = async () => {
      for await (const each of picturesInTar(path, controller.signal)) {
        seen.push(each.path);
        if (seen.length === 3) controller.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(seen.length).toBeLessThan(10);
    await expectClosed(path);
  });

  test('are not begun where the signal has aborted', async () => {
    const reason = new Error('before');
    const run = toldOf(picturesInTar(path, AbortSignal.abort(reason)));
    await expect(run).rejects.toBe(reason);
  });
});
