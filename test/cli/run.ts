// Runs the program: in this process, or compiled and in one of its own as a user would.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lib/cli/program';

export const ROOT = join(__dirname, '..', '..');
export const PICTURES = join(ROOT, 'examples', 'pictures');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A little less than jest gives a test: a process that hangs is killed. */
const TIMEOUT_MS = 55_000;

interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Called with the process as soon as it runs. */
  during?: (child: ChildProcess) => void;
}

/** Runs the program here, where faults in it are seen; as if there were no terminal. */
export async function bigtransfer(
  args: string[],
  { env }: Pick<RunOptions, 'env'> = {},
): Promise<Outcome> {
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  const before = { ...process.env };
  const { isTTY } = process.stderr;
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      outcome[name] += String(text);
      return true;
    }),
  );
  try {
    Object.assign(process.env, env);
    process.stderr.isTTY = false;
    outcome.code = await run(args);
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.stderr.isTTY = isTTY;
    process.env = before;
  }
  return outcome;
}

/** Runs the compiled program in a process of its own. */
export function bigtransferProcess(
  args: string[],
  { env, cwd, during }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const program = join(ROOT, 'dist', 'cli', 'main.js');
    const child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, ...env },
      cwd,
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...outcome, code }));
    during?.(child);
  });
}

/** The pictures of the examples, as paths. */
export function pictures(): string[] {
  const names = readdirSync(PICTURES).filter((name) => /\.(png|jpg)$/.test(name));
  return names.sort().map((name) => join(PICTURES, name));
}
