// `bigtransfer finetune --processes`: real processes against one, one of which is killed, and what is told of them.
import { execFileSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutProcesses } from '../../lib/cli/processes';
import { readSafetensors } from '../support/safetensors';
import { until } from '../support/queue';
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

const RECIPE =
  '--batch-size 6 --learning-rate 0.1 --mixup 0.2 --drop-path-rate 0.2 --threads 1 --no-report';
const argsOf = (to: string, more: string) => [
  ...['finetune', data, '--model', model, '--out', to],
  ...`${RECIPE} ${more}`.split(' '),
];
const run = (to: string, more: string, during?: (child: ChildProcess) => void) =>
  bigtransferProcess(argsOf(to, more), { during });

const checkpoint = (of: string) => {
  const checkpoints = join(of, 'training', 'checkpoints');
  return join(checkpoints, readdirSync(checkpoints).sort().at(-1) as string);
};
const weights = (of: string) => readFileSync(join(checkpoint(of), 'model.safetensors'));
const losses = (of: string) => {
  const file = join(of, 'training', 'metrics.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.filter((line) => line.includes('"loss"') && line.endsWith('}'));
};

/** Processes that another one has started. */
function childrenOf({ pid }: ChildProcess): number[] {
  try {
    const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    return list.split('\n').map(Number).filter(Boolean);
  } catch {
    return []; // there is none
  }
}

test('two processes learn what one learns, and one of them talks', async () => {
  const alone = `${out} alone`;
  const [one, two] = [
    await run(alone, '--max-steps 6 --eval-steps 3'),
    await run(out, '--max-steps 6 --eval-steps 3 --processes 2'),
  ];
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(two.stderr).toBe(one.stderr);
  expect(two.stdout).toBe(one.stdout.replace(alone, out));
  const [a, b] = [alone, out].map((of) =>
    readSafetensors(join(checkpoint(of), 'model.safetensors')),
  ) as [ReturnType<typeof readSafetensors>, ReturnType<typeof readSafetensors>];
  for (const [name, { data: values }] of a) {
    const others = b.get(name)?.data as Float32Array;
    const largest = Math.max(...(values as Float32Array).map(Math.abs), 1e-6);
    for (const [i, value] of (values as Float32Array).entries())
      expect(Math.abs(value - (others[i] as number))).toBeLessThan(1e-5 * largest);
  }
});

test('one that is killed ends the others, and all go on to the same bits', async () => {
  const length = '--max-steps 80 --eval-steps 80 --save-steps 20 --processes 2';
  let killed = 0;
  const kill = (child: ChildProcess) => {
    const killer = async () => {
      await until('some steps are taken', () => losses(out).length > 5);
      for (const pid of childrenOf(child)) {
        process.kill(pid, 'SIGKILL');
        killed++;
      }
    };
    void killer();
  };
  const ended = await run(out, length, kill);
  expect(killed).toBe(1);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^error: Rank 1 is gone: .*\ncode: ERR_BIT_TRAINING$/m);
  expect(ended.stderr).toMatch(/^rank 1 was ended by SIGKILL$/m);
  const before = losses(out).length;
  expect(before).toBeLessThan(80);
  const again = await run(out, length);
  expect(again.code).toBe(0);
  const undisturbed = `${out} undisturbed`;
  await run(undisturbed, length);
  expect(weights(out).equals(weights(undisturbed))).toBe(true);
  const numbers = (of: string) =>
    losses(of).map((line) => line.replace(/"imagesPerSecond":[^,}]+/, ''));
  expect(numbers(out)).toEqual(numbers(undisturbed));
});

test('Ctrl-C saves and stops, and the same command goes on', async () => {
  const length = '--max-steps 2000 --eval-steps 2000 --processes 2';
  const interrupt = (child: ChildProcess) => {
    const interrupter = async () => {
      await until('some steps are taken', () => losses(out).length > 5);
      // As a terminal does it: to all of them.
      for (const pid of [...childrenOf(child), child.pid as number]) process.kill(pid, 'SIGINT');
    };
    void interrupter();
  };
  const { code, stderr } = await run(out, length, interrupt);
  expect(stderr).toMatch(/^stopped: the same command goes on from here$/m);
  expect(stderr).not.toContain('error');
  expect(code).toBe(130);
  const kept = Number(checkpoint(out).split('-').at(-1));
  expect(kept).toBeGreaterThan(5);
  expect(losses(out)).toHaveLength(kept);
});

/** Whether a process runs; one that has ended and that nobody has asked for does not. */
function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    return !state.startsWith('Z');
  } catch {
    return false;
  }
}

test('the others end where rank 0 is killed, before they have met it too', async () => {
  let others: number[] = [];
  const kill = (child: ChildProcess) => {
    const killer = async () => {
      await until('they are started', () => (others = childrenOf(child)).length === 2);
      child.kill('SIGKILL');
    };
    void killer();
  };
  const { code } = await run(out, '--max-steps 2000 --processes 3', kill);
  expect(code).toBeNull();
  expect(others).toHaveLength(2);
  await until('they have ended', () => !others.some(isRunning));
});

test('one that does not come to a start is told at once, and with its words', async () => {
  // It reads the variable before anything else.
  const { code, stderr } = await bigtransferProcess(argsOf(out, '--max-steps 6 --processes 2'), {
    env: { NODE_OPTIONS: `--require ${join(__dirname, '..', 'support', 'fail_in_rank_1.js')}` },
  });
  expect(code).toBe(1);
  expect(stderr).toContain(
    'error: A process has ended: rank 1 has ended with exit code 7: it does not want to',
  );
});

test('--processes is for whoever starts them, and not for the head alone', async () => {
  const env = { WORLD_SIZE: '2', RANK: '0', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '1' };
  const both = await bigtransfer(argsOf(out, '--processes 2'), { env });
  expect(both.code).toBe(2);
  expect(both.stderr).toContain('WORLD_SIZE says that this is one');
  const args = ['finetune', data, '--out', out, '--head-only', '--processes', '2'];
  const head = await bigtransfer(args);
  expect(head.code).toBe(2);
  expect(head.stderr).toContain("'--head-only' cannot be used with option '--processes <n>'");
});

test('the others are given all but that', () => {
  expect(withoutProcesses(['finetune', 'data', '--processes', '2', '--out', 'x'])).toEqual([
    ...['finetune', 'data', '--out', 'x'],
  ]);
  expect(withoutProcesses(['finetune', '--processes=2', '--', '--processes'])).toEqual([
    ...['finetune', '--', '--processes'],
  ]);
});
