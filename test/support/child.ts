// Runs programs and scripts in processes of their own, none of which outlives its test.
import { execFile, spawn, type ChildProcess, type ExecFileOptions } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = join(__dirname, '..', '..');

/** A little less than jest gives a test, so that it is the test that fails. */
const TIMEOUT_MS = 55_000;

/**
 * What a program prints; rejects when it exits with another code than 0. One that hangs is killed:
 * jest would wait for it for ever.
 */
export function runProgram(
  command: string,
  args: string[],
  options: ExecFileOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const limits = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' as const };
  return promisify(execFile)(command, args, { ...limits, ...options, encoding: 'utf8' });
}

/** How a program ended, whatever its exit code. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface NodeOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Called with the process as soon as it runs. */
  during?: (child: ChildProcess) => void;
}

/** Runs Node to its end, with these arguments; killed when it takes longer. */
export function runNode(
  args: string[],
  { env, cwd, during }: NodeOptions = {},
  timeout = TIMEOUT_MS,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      cwd,
      timeout,
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

interface ChildOptions {
  env?: Record<string, string>;
  /** Whether the script is an ES module. */
  esm?: boolean;
  /** Of Node's own. */
  flags?: string[];
  /** A command that runs Node, such as one that limits what it may have. */
  under?: string[];
}

/** What a script printed as JSON on its last line, with the compiled package as `bigtransfer`; rejects when it exits with another code than 0. */
export async function runScript<T>(
  script: string,
  { env, esm = false, flags = [], under = [] }: ChildOptions = {},
): Promise<T> {
  const prelude = esm
    ? ''
    : `const bigtransfer = require(${JSON.stringify(ROOT)});\n` +
      'const print = (value) => console.log(JSON.stringify(value));\n';
  const type = esm ? 'module' : 'commonjs';
  const node = [process.execPath, ...flags, `--input-type=${type}`, '--eval', prelude + script];
  const [command, ...args] = [...under, ...node] as [string, ...string[]];
  const { stdout } = await runProgram(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as T;
}
