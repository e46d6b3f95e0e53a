// `bigtransfer finetune`: what it prints, and how it ends.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitForImageClassification, systemInfo, type FineTuneResult } from '../../lib';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';
import { bigtransfer, bigtransferProcess } from './run';

const folder = temporaryFolder();
let model: string;
let data: string;
let out: string;
beforeAll(async () => {
  model = await tinyModel(folder);
  data = stripes(folder, { narrow: 8, wide: 8 });
});
beforeEach(() => (out = join(mkdtempSync(join(folder, 'run-')), 'out')));

/** Usage is wrong before any data are looked at. */
const NOWHERE = 'nowhere';
const SHORT = '--batch-size 4 --max-steps 4 --eval-steps 2 --learning-rate 0.1 --no-report';
const argsOf = (more: string[] = [], short = SHORT) => [
  ...['finetune', data, '--model', model, '--out', out],
  ...short.split(' '),
  ...more,
];
const finetune = (...more: string[]) => bigtransfer(argsOf(more));
const runFacts = () =>
  JSON.parse(readFileSync(join(out, 'training', 'run.json'), 'utf8')) as Record<string, unknown>;

test('a model, in a line of words; evaluations on standard error, and no bar without a terminal', async () => {
  const { code, stdout, stderr } = await finetune();
  expect(code).toBe(0);
  const evaluated = /accuracy \d+\.\d % \(\d+\.\d % to \d+\.\d %\), loss \d\.\d+/.source;
  expect(stdout).toMatch(
    new RegExp(`^${out}: a model from 14 examples, after [24] of 4 steps, ${evaluated}\\n$`),
  );
  expect(stderr).toMatch(
    new RegExp(`^(14 examples .*\\n)?step 2: ${evaluated}\\nstep 4: ${evaluated}\\n$`),
  );
  const { id2label } = (await BitForImageClassification.fromPretrained(out)).config;
  expect(id2label).toEqual({ 0: 'narrow', 1: 'wide' });
});

test('--json prints the result alone, and the document has all of it', async () => {
  writeFileSync(join(data, 'wide', 'broken.png'), 'broken');
  try {
    const { code, stdout, stderr } = await finetune('--json', '--validation-dir', data);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as FineTuneResult;
    expect(result).toMatchObject({
      ...{ output: out, steps: 4, trainExamples: 16, report: null },
      ...{ problemType: 'single_label_classification', examples: 16 },
    });
    const { problems } = result;
    expect([2, 4]).toContain(result.bestStep);
    expect(result).toHaveProperty('perClass');
    expect(result).not.toHaveProperty('evaluation');
    expect(problems.map(({ path }) => path)).toEqual([join(data, 'wide', 'broken.png')]);
    expect(stderr).toContain('left out: ');
    expect(stderr).not.toContain('step 2');
  } finally {
    rmSync(join(data, 'wide', 'broken.png'));
  }
});

test('what cannot be read is noted once, also by a run that has nothing left to do', async () => {
  const name = join(data, 'wide', 'a\x1b[31mb\nc.png');
  writeFileSync(name, 'broken');
  try {
    const told = new RegExp('^left out: .*a\\\\u001b\\[31mb\\\\u000ac\\.png', 'gm');
    const first = await finetune();
    expect(first.stderr.match(told)).toHaveLength(1);
    const second = await finetune();
    expect(second.stderr.match(told)).toHaveLength(1);
    expect(second.stdout).toBe(first.stdout);
    for (const { stderr } of [first, second]) expect(stderr).not.toContain('\x1b');
  } finally {
    rmSync(name);
  }
});

test('options reach the run', async () => {
  const flags =
    '--seed 7 --momentum 0.8 --weight-decay 0.01 --drop-path-rate 0.2 --mixup 0.3 --flip 0 ' +
    '--resize 28 --crop 20 --dtype bfloat16 --batch-split 2 --save-steps 3 --examples-per-class 3 ' +
    '--train-val-split 0.25 --max-eval-samples 3 --timeout 5 --threads 1';
  expect((await finetune(...flags.split(' '))).code).toBe(0);
  expect(runFacts()).toMatchObject({
    ...{ seed: 7, momentum: 0.8, weightDecay: 0.01, dropPathRate: 0.2, mixup: 0.3, flip: 0 },
    ...{ resize: 28, crop: 20, dtype: 'bfloat16', batchSplit: 2, saveSteps: 3, evalSteps: 2 },
    ...{ batchSize: 4, learningRate: 0.1, schedule: [1, 2, 2, 3, 4] },
    examples: expect.stringMatching(/^6 by/) as string,
    validation: expect.stringMatching(/^3 by/) as string,
  });
});

test('--train-dir, --schedule, --problem-type and columns of a table', async () => {
  const table = join(folder, 'table.csv');
  const rows = [0, 1, 2, 3].map((i) => `${join(data, 'wide', `00${i}.ppm`)},${i}`);
  writeFileSync(table, ['where,how much', ...rows].join('\n'));
  const args = ['finetune', '--train-dir', table, '--model', model, '--out', out, '--no-report'];
  const flags = '--schedule 1,3 --batch-size 2 --problem-type regression --path-column where';
  const { code, stdout } = await bigtransfer([
    ...[...args, ...flags.split(' ')],
    ...['--label-column', 'how much'],
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/after \d of 3 steps, root mean squared error \d/);
  expect(runFacts()).toMatchObject({ schedule: [1, 3], problemType: 'regression' });
});

test('a run of other settings is refused with 1; --restart begins anew', async () => {
  await finetune();
  const other = await finetune('--seed', '1');
  expect([other.code, other.stdout]).toEqual([1, '']);
  expect(other.stderr).toContain('seed was 0 and is 1');
  expect(other.stderr).toContain('code: ERR_BIT_OUTPUT');
  expect((await finetune('--seed', '1', '--restart')).code).toBe(0);
});

test.each([[false], [true]])(
  'Ctrl-C saves and stops with 130, and the same command goes on (with --restart: %p)',
  async (restart) => {
    const long = SHORT.replace('--max-steps 4', '--max-steps 3000').replace(
      '--eval-steps 2',
      '--eval-steps 1000',
    );
    const log = join(out, 'training', 'metrics.jsonl');
    const stepsIn = () => readFileSync(log, 'utf8').split('"loss"').length - 1;
    const first = await bigtransferProcess(argsOf(restart ? ['--restart'] : [], long), {
      during: (child) => {
        const timer = setInterval(() => {
          try {
            if (stepsIn() < 20) return;
          } catch {
            return; // it is not there yet
          }
          clearInterval(timer);
          child.kill('SIGINT');
        }, 5);
      },
    });
    expect([first.code, first.stdout]).toEqual([130, '']);
    const without = restart ? ', without --restart,' : '';
    expect(first.stderr).toContain(`stopped: the same command${without} goes on from here\n`);
    const [kept] = readdirSync(join(out, 'training', 'checkpoints'));
    const steps = stepsIn();
    expect(steps).toBeGreaterThanOrEqual(20);
    expect(steps).toBeLessThan(1000);
    expect(kept).toBe(`step-${String(steps).padStart(8, '0')}`);
    // The same command has what was learnt: its next step is the one after.
    const again = await bigtransferProcess(argsOf([], long), {
      during: (child) => {
        const timer = setInterval(() => {
          if (stepsIn() <= steps + 5) return;
          clearInterval(timer);
          child.kill('SIGINT');
        }, 5);
      },
    });
    expect(again.code).toBe(130);
    const numbers = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { step: number }).step);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  },
);

test('a bar on a terminal, of steps and what they come to', async () => {
  const { SingleBar } = jest.requireActual<typeof import('cli-progress')>('cli-progress');
  const drawn: string[] = [];
  const start = jest
    .spyOn(SingleBar.prototype, 'start')
    .mockImplementation((total, at, payload) => {
      drawn.push(`${at}/${total} ${(payload as { label: string }).label}`);
    });
  const update = jest
    .spyOn(SingleBar.prototype, 'update')
    .mockImplementation((...[at, payload]: unknown[]) => {
      drawn.push(`${String(at)} ${(payload as { done: string }).done}`);
    });
  const stop = jest.spyOn(SingleBar.prototype, 'stop').mockReturnValue();
  const { Progress } =
    jest.requireActual<typeof import('../../lib/cli/progress')>('../../lib/cli/progress');
  // What run.ts gives the program is no terminal.
  const original = Object.getOwnPropertyDescriptor(Progress.prototype, 'update')!;
  const on = jest.spyOn(Progress.prototype, 'update').mockImplementation(function (
    this: InstanceType<typeof Progress>,
    ...args
  ) {
    Object.assign(this, { enabled: true });
    (original.value as (...given: unknown[]) => void).apply(this, args);
  });
  try {
    expect((await finetune('--validation-dir', data, '--eval-steps', '4')).code).toBe(0);
  } finally {
    for (const spy of [start, update, stop, on]) spy.mockRestore();
  }
  expect(drawn[0]).toBe('1/4 steps');
  expect(drawn.at(-1)).toMatch(
    /^4 4 of 4, loss \d\.\d{4}, rate [\d.e-]+, [\d.]+ images\/s, 0 s left$/,
  );
});

test.each([
  [[NOWHERE, '--out', ''], 'Expected a path'],
  [[NOWHERE], "required option '--out <folder>'"],
  [['--out', 'x'], 'there is no data: give a folder or a file, or --train-dir'],
  [[NOWHERE, '--out', 'x', '--train-dir', 'y'], 'there are two sets of data'],
  [[NOWHERE, '--out', 'x', '--preset', 'gpu'], 'Allowed choices are paper, light, cpu'],
  [[NOWHERE, '--out', 'x', '--max-steps', '0'], 'Expected a positive integer'],
  [[NOWHERE, '--out', 'x', '--momentum', '1'], 'Expected a number from 0 to below 1'],
  [[NOWHERE, '--out', 'x', '--train-val-split', '1'], 'Expected a number from 0 to below 1'],
  [[NOWHERE, '--out', 'x', '--drop-path-rate', '1'], 'Expected a number from 0 to below 1'],
  [[NOWHERE, '--out', 'x', '--learning-rate', '0'], 'Expected a positive number'],
  [[NOWHERE, '--out', 'x', '--weight-decay', '-1'], 'Expected a positive number'],
  [[NOWHERE, '--out', 'x', '--flip', '2'], 'Expected a number from 0 to 1'],
  [[NOWHERE, '--out', 'x', '--seed', '-1'], 'Expected an integer, 0 or more'],
  [[NOWHERE, '--out', 'x', '--schedule', '5,4'], 'Expected ascending numbers of steps'],
  [[NOWHERE, '--out', 'x', '--schedule', '0'], 'Expected ascending numbers of steps'],
  [[NOWHERE, '--out', 'x', '--schedule', '1,,2'], 'Expected an integer, 0 or more'],
  [[NOWHERE, '--out', 'x', '--dtype', 'float16'], 'Allowed choices are auto, float32, bfloat16'],
  [[NOWHERE, '--out', 'x', '--device', 'gpu'], 'Expected auto, cpu, cuda or cuda:N'],
  [[NOWHERE, '--out', 'x', '--device', 'cuda:all'], 'Expected auto, cpu, cuda or cuda:N'],
  [[NOWHERE, '--out', 'x', '--timeout', '0'], 'Expected a positive number'],
  [
    [NOWHERE, '--out', 'x', '--max-steps', '3', '--num-train-epochs', '2'],
    'each of --num-train-epochs and --max-steps says how long',
  ],
  [[NOWHERE, '--out', 'x', '--max-step', '3'], "unknown option '--max-step'"],
  [[NOWHERE, 'more', '--out', 'x'], 'too many arguments'],
])('wrong usage is told with exit code 2: %j', async (args, message) => {
  const { code, stdout, stderr } = await bigtransfer(['finetune', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test.each(['--no-report', '--head-only'])(
  'a GPU that is not there is told with 1: %s',
  async (how) => {
    const gpus = systemInfo().devices.filter(({ type }) => type === 'cuda').length;
    const asked = ['--model', model, '--out', out, '--device', `cuda:${gpus}`];
    const { code, stderr } = await bigtransfer(['finetune', data, ...asked, how]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*cuda.*\ncode: ERR_BIT_DEVICE\n$/s);
    expect(existsSync(out)).toBe(false);
  },
);

test('what cannot be learnt from is told with 1', async () => {
  const { code, stderr } = await bigtransfer([
    'finetune',
    'nowhere',
    '--model',
    model,
    '--out',
    out,
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: Cannot read the data set .*nowhere.*\ncode: ERR_BIT_CONFIG\n$/);
});
