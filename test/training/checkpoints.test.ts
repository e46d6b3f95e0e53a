// Checkpoints: there as a whole or not at all, whatever ended the run that wrote them.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitError } from '../../lib';
import { Checkpoints } from '../../lib/training/checkpoints';
import { ROOT, runNode, runProgram } from '../support/child';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';

const folder = temporaryFolder();
let place: string;
let checkpoints: Checkpoints;
beforeEach(() => {
  place = mkdtempSync(join(folder, 'run-'));
  checkpoints = new Checkpoints(place);
});

const holding = (text: string) => (into: string) => writeFile(join(into, 'weights'), text);
const contentOf = (of: string) => readFileSync(join(of, 'weights'), 'utf8');

test('the last one is there with all that was written, and those before it are gone', async () => {
  expect(await checkpoints.last()).toBeNull();
  const first = await checkpoints.save(7, holding('seven'));
  expect(first).toEqual({ step: 7, folder: join(place, 'step-00000007') });
  expect(await checkpoints.last()).toEqual(first);
  const second = await checkpoints.save(12, holding('twelve'));
  expect(await new Checkpoints(place).last()).toEqual(second);
  expect(contentOf(second.folder)).toBe('twelve');
  expect(readdirSync(place)).toEqual(['step-00000012']);
});

test('one of the same step takes its place', async () => {
  await checkpoints.save(3, holding('one'));
  const { folder: of } = await checkpoints.save(3, holding('two'));
  expect(contentOf(of)).toBe('two');
  expect(readdirSync(place)).toEqual(['step-00000003']);
});

test('the folder is made, and steps are told by their number, not by their letters', async () => {
  const deep = new Checkpoints(join(place, 'not', 'there'));
  expect(await deep.last()).toBeNull();
  await deep.save(99_999_999, holding('x'));
  expect(await deep.last()).toMatchObject({ step: 99_999_999 });
  await checkpoints.save(9, holding('nine'));
  await checkpoints.save(10, holding('ten'));
  expect(await checkpoints.last()).toMatchObject({ step: 10 });
});

test('a save that fails leaves the one before, and nothing else', async () => {
  const before = await checkpoints.save(1, holding('one'));
  const full = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
  const half = async (into: string) => {
    await holding('ha')(into);
    throw full;
  };
  const message = `ERR_BIT_OUTPUT: Cannot write ${join(place, 'step-00000002')}: no space is left there`;
  expect(await failure(checkpoints.save(2, half))).toBe(message);
  const ofModel = new BitError('ERR_BIT_CHECKPOINT', 'Cannot write x', { cause: full });
  expect(await failure(checkpoints.save(2, () => Promise.reject(ofModel)))).toBe(message);
  expect(readdirSync(place)).toEqual(['step-00000001']);
  expect(await checkpoints.last()).toEqual(before);
  expect(contentOf(before.folder)).toBe('one');
});

test('what a killed run has left goes: unfinished ones, and those before the last', async () => {
  const leave = (name: string) => {
    mkdirSync(join(place, name), { recursive: true });
    writeFileSync(join(place, name, 'weights'), 'left');
  };
  leave('tmp-1');
  expect(await checkpoints.last()).toBeNull();
  expect(readdirSync(place)).toEqual([]);
  const kept = await checkpoints.save(5, holding('five'));
  for (const name of ['tmp-2', 'step-00000004', 'mine']) leave(name);
  expect(await checkpoints.last()).toEqual(kept);
  expect(readdirSync(place).sort()).toEqual(['mine', 'step-00000005']);
});

test.each([
  ['no state', null],
  ['half of a state', '{"ste'],
  ['a state without a step', '{}'],
  ['a state that is none', 'null'],
  ['the state of another step', '{"step":4}'],
])('a broken one is named, and nothing is deleted: %s', async (_, state) => {
  const { folder: of } = await checkpoints.save(5, holding('five'));
  rmSync(join(of, 'state.json'));
  if (state !== null) writeFileSync(join(of, 'state.json'), state);
  mkdirSync(join(place, 'step-00000004'));
  expect(await failure(checkpoints.last())).toBe(
    `ERR_BIT_CHECKPOINT: The checkpoint ${of} is broken: delete it to go on from the one before, ` +
      'or begin anew (restart)',
  );
  expect(readdirSync(place).sort()).toEqual(['step-00000004', 'step-00000005']);
});

test('a place that is no folder is no run without checkpoints', async () => {
  const file = join(place, 'file');
  writeFileSync(file, '');
  expect(await failure(new Checkpoints(file).last())).toMatch(/^ERR_BIT_OUTPUT: Cannot read /);
  expect(await failure(new Checkpoints(file).save(1, holding('x')))).toMatch(
    /^ERR_BIT_OUTPUT: Cannot write .*step-00000001: a part of its path is /,
  );
});

/** Saves until it is killed: each has two files of the same content, and tells when it is there. */
const SAVES = `
  const { Checkpoints } = require(process.argv[1]);
  const { writeFile } = require('node:fs/promises');
  const { join } = require('node:path');
  (async () => {
    const checkpoints = new Checkpoints(process.argv[2]);
    for (let step = ((await checkpoints.last())?.step ?? 0) + 1; ; step++) {
      const text = String(step).repeat(20_000);
      await checkpoints.save(step, async (folder) => {
        for (const name of ['weights', 'more']) await writeFile(join(folder, name), text);
      });
      process.stdout.write(step + '\\n');
    }
  })();
`;

test('killed between the steps of a save, the last one that was told is there, or the next', async () => {
  for (let time = 0; time < 12; time++) {
    const args = ['-e', SAVES, join(ROOT, 'dist', 'training', 'checkpoints.js'), place];
    const { stdout } = await runNode(args, {
      during: (child) => {
        child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), 3 * time));
      },
    });
    const told = Number(stdout.trimEnd().split('\n').at(-1));
    const last = await checkpoints.last();
    expect([told, told + 1]).toContain(last?.step);
    for (const name of ['weights', 'more'])
      expect(readFileSync(join(last!.folder, name), 'utf8')).toBe(
        String(last?.step).repeat(20_000),
      );
    expect(readdirSync(place)).toHaveLength(1);
  }
});

/** A run on a disk that fills up after its second step, and then has space again. */
const ON_A_DISK = `
  const { fineTune } = require(process.argv[1]);
  const fs = require('node:fs');
  const { join } = require('node:path');
  const { model, data, disk, elsewhere } = JSON.parse(process.argv[2]);
  const options = { maxSteps: 6, saveSteps: 2, batchSize: 4, learningRate: 0.1, report: false, validation: null };
  const ballast = join(disk, 'ballast');
  (async () => {
    const output = join(disk, 'out');
    const checkpoints = join(output, 'training', 'checkpoints');
    const seen = [];
    let error = null;
    try {
      for await (const { step } of fineTune(model, data, { ...options, output })) {
        seen.push(step);
        if (step !== 2) continue;
        const file = fs.openSync(ballast, 'w');
        try { for (;;) fs.writeSync(file, Buffer.alloc(4096)); } catch { fs.closeSync(file); }
      }
    } catch ({ code, message }) { error = { code, message }; }
    const kept = fs.readdirSync(checkpoints);
    fs.rmSync(ballast);
    await fineTune(model, data, { ...options, output }).result();
    await fineTune(model, data, { ...options, output: elsewhere }).result();
    const weights = (of) => fs.readFileSync(join(of, 'model.safetensors'));
    console.log(JSON.stringify({ seen, error, kept, same: weights(output).equals(weights(elsewhere)) }));
  })();
`;

test('a full disk ends a run with ERR_BIT_OUTPUT; with space again it goes on from the one before', async () => {
  const disk = join(place, 'disk');
  mkdirSync(disk);
  const given = {
    model: await tinyModel(place),
    data: stripes(place, { narrow: 4, wide: 4 }),
    ...{ disk, elsewhere: join(place, 'elsewhere') },
  };
  const inside = [process.execPath, '-e', ON_A_DISK, ROOT, JSON.stringify(given)];
  const shell = 'mount -t tmpfs -o size=400k tmpfs "$1" && shift && exec "$@"';
  const unshare = [
    'unshare',
    process.getuid?.() === 0 ? '-m' : '-rm',
    'sh',
    '-c',
    shell,
    'sh',
    disk,
  ];
  const [command, ...args] = [...unshare, ...inside] as [string, ...string[]];
  const { stdout } = await runProgram(command, args);
  const told = JSON.parse(stdout) as Record<string, unknown>;
  expect(told).toMatchObject({ kept: ['step-00000002'], same: true });
  // What the log has room for is not known; the next checkpoint has none.
  expect([
    [1, 2],
    [1, 2, 3],
  ]).toContainEqual(told['seen']);
  expect(told['error']).toMatchObject({
    code: 'ERR_BIT_OUTPUT',
    message: expect.stringMatching(/^Cannot write .*: no space is left there$/) as string,
  });
  expect(existsSync(join(disk, 'out'))).toBe(false);
});
