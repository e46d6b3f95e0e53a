// The folder of a run: which run may go on in it, and the model that is in it.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Preparation } from '../../lib/training/prepare';
import { RunFolder } from '../../lib/training/run_folder';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';

const root = temporaryFolder();
let place: string;
let folder: RunFolder;
beforeEach(() => {
  place = join(mkdtempSync(join(root, 'run-')), 'out');
  folder = new RunFolder(place);
});

const example = (path: string, target: number) => ({ path, target, image: path });
const train = {
  problemType: 'single_label_classification',
  labels: ['a', 'b'],
  examples: [example('x', 0), example('y', 1)],
  problems: [],
} as const;
/** What a folder looks at. */
const preparation = (more: object = {}) =>
  ({
    settings: { batchSize: 8, learningRate: 0.1, schedule: [1, 2], seed: 0 },
    ...{ train, validation: null, weights: { 'model.safetensors': 'abc' } },
    ...more,
  }) as unknown as Preparation;

async function open(more: object = {}, restart = false): Promise<void> {
  const opened = new RunFolder(place);
  await opened.open(preparation(more), restart);
  opened.close();
}
const refusal = (more: object) => failure(open(more));

test('a run begins where nothing is, and the same one goes on', async () => {
  await open();
  expect(readdirSync(place)).toEqual(['training']);
  expect(existsSync(folder.checkpoints)).toBe(true);
  writeFileSync(join(folder.checkpoints, 'kept'), '');
  await open();
  // Other objects of the same content, and another place of the same pictures in memory.
  await open({ train: structuredClone(train) });
  expect(readdirSync(folder.checkpoints)).toEqual(['kept']);
});

test('begun anew, it deletes what runs have made, and nothing else that lies there', async () => {
  await open();
  writeFileSync(join(folder.checkpoints, 'kept'), '');
  for (const name of ['events.out.tfevents.1.here', 'metrics.jsonl', 'thesis.txt', '0.png'])
    writeFileSync(join(folder.path, name), '');
  await open({}, true);
  expect(readdirSync(folder.checkpoints)).toEqual([]);
  expect(readdirSync(folder.path).sort()).toEqual(
    expect.arrayContaining(['0.png', 'checkpoints', 'lock', 'run.json', 'thesis.txt']),
  );
  expect(existsSync(join(folder.path, 'metrics.jsonl'))).toBe(false);
  expect(existsSync(join(folder.path, 'events.out.tfevents.1.here'))).toBe(false);
});

test.each([
  [
    { settings: { batchSize: 9, learningRate: 0.1, schedule: [1, 2], seed: 0 } },
    'batchSize was 8 and is 9',
  ],
  [
    { settings: { batchSize: 8, learningRate: 0.1, schedule: [1, 3], seed: 0 } },
    'schedule was [1,2] and is [1,3]',
  ],
  [
    { settings: { batchSize: 8, learningRate: 0.1, schedule: [1, 2] } },
    'seed was 0 and is undefined',
  ],
  [{ train: { ...train, labels: ['a', 'c'] } }, 'labels was ["a","b"] and is ["a","c"]'],
  [{ train: { ...train, problemType: 'regression' } }, 'problemType was '],
  [
    { train: { ...train, examples: [example('x', 0), example('y', 0)] } },
    "examples was '2 by SHA-256 ",
  ],
  [
    { train: { ...train, examples: [example('y', 1), example('x', 0)] } },
    "examples was '2 by SHA-256 ",
  ],
  [{ train: { ...train, examples: train.examples.slice(1) } }, "and is '1 by SHA-256 "],
  [{ validation: train }, "validation was null and is '2 by SHA-256 "],
  [{ weights: { 'model.safetensors': 'abd' } }, 'weights was '],
])('another run is refused, and why: %j', async (more, why) => {
  await open();
  const before = readFileSync(join(folder.path, 'run.json'), 'utf8');
  const message = await refusal(more);
  expect(message).toContain(`ERR_BIT_OUTPUT: ${place} holds a run of other settings: `);
  expect(message).toContain(why);
  expect(readFileSync(join(folder.path, 'run.json'), 'utf8')).toBe(before);
  await open(more, true);
  await open(more);
});

test('restart deletes what a run has left, and nothing of the model that is there', async () => {
  await open();
  writeFileSync(join(folder.checkpoints, 'kept'), '');
  writeFileSync(join(place, 'model.safetensors'), 'a model');
  await open({}, true);
  expect(readdirSync(folder.checkpoints)).toEqual([]);
  expect(await folder.best()).toBeNull();
  expect(readFileSync(join(place, 'model.safetensors'), 'utf8')).toBe('a model');
});

test('a model that no run has made is left alone', async () => {
  mkdirSync(place);
  writeFileSync(join(place, 'model.safetensors'), 'mine');
  const message = await refusal({});
  expect(message).toContain(`ERR_BIT_OUTPUT: ${place} has a model (model.safetensors) that no run`);
  expect(readdirSync(place)).toEqual(['model.safetensors']);
});

test('what a killed run has left half done goes', async () => {
  await open();
  mkdirSync(join(folder.path, 'tmp', 'x'), { recursive: true });
  writeFileSync(join(folder.path, 'tmp', 'x', 'model.safetensors'), 'half');
  await open();
  expect(existsSync(join(folder.path, 'tmp', 'x'))).toBe(false);
});

test.each(['run.json', 'best.json', 'left_out.json'])('a broken %s is named', async (name) => {
  await open();
  writeFileSync(join(folder.path, name), '{"half');
  const read = {
    'run.json': open,
    'best.json': () => folder.best(),
    'left_out.json': () => folder.leftOut(),
  };
  expect(await failure(read[name as keyof typeof read]() as Promise<unknown>)).toBe(
    `ERR_BIT_OUTPUT: ${join(folder.path, name)} is broken: begin anew (restart), which deletes the run`,
  );
  await open({}, true);
  expect(await folder.best()).toBeNull();
});

test('what is left out is known from then on', async () => {
  await open();
  expect(await folder.leftOut()).toBeNull();
  await folder.leaveOut([]);
  expect(await folder.leftOut()).toEqual([]);
  const leftOut = [{ place: 1, path: 'y', message: 'broken' }];
  await folder.leaveOut(leftOut);
  expect(await new RunFolder(place).leftOut()).toEqual(leftOut);
});

describe('the model of the folder', () => {
  const FILES = ['config.json', 'preprocessor_config.json', 'model.safetensors'];
  const checkpoint = (step: number) => {
    const of = join(folder.checkpoints, `step-${step}`);
    mkdirSync(of);
    for (const name of [...FILES, 'optimizer.safetensors', 'state.json'])
      writeFileSync(join(of, name), `${name} ${step}`);
    return { step, folder: of };
  };

  test('is the checkpoint that was kept last, without what is for the training', async () => {
    await open();
    for (const step of [3, 8]) {
      await folder.keep(checkpoint(step), null);
      expect(readdirSync(place).sort()).toEqual([...FILES, 'training'].sort());
      for (const name of FILES)
        expect(readFileSync(join(place, name), 'utf8')).toBe(`${name} ${step}`);
      expect(await new RunFolder(place).best()).toEqual({ step, evaluation: null });
    }
    expect(readdirSync(join(folder.path, 'tmp'))).toEqual([]);
  });

  test('is another file each time: whoever has the one before open keeps it whole', async () => {
    await open();
    await folder.keep(checkpoint(1), null);
    const { openSync, closeSync } = jest.requireActual<typeof import('node:fs')>('node:fs');
    const file = openSync(join(place, 'model.safetensors'), 'r');
    await folder.keep(checkpoint(2), null);
    expect(readFileSync(file, 'utf8')).toBe('model.safetensors 1');
    closeSync(file);
  });

  test('stays where the next one cannot be read; nothing is left of that', async () => {
    await open();
    await folder.keep(checkpoint(1), null);
    const broken = { step: 2, folder: join(folder.checkpoints, 'nowhere') };
    expect(await failure(folder.keep(broken, null))).toMatch(
      /^ERR_BIT_OUTPUT: Cannot write .*config\.json: /,
    );
    expect(await folder.best()).toMatchObject({ step: 1 });
    expect(readFileSync(join(place, 'model.safetensors'), 'utf8')).toBe('model.safetensors 1');
    expect(readdirSync(join(folder.path, 'tmp'))).toEqual([]);
  });
});
