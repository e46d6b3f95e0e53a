// Examples as newcomers have them: copied out of the clone, beside node_modules that have the package.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/child';

export const EXAMPLES = join(ROOT, 'examples');

/** Copies an example into a folder, in which `bigtransfer` and the clone's packages are installed. */
export function copyExample(name: string, folder: string): string {
  const to = join(folder, name);
  cpSync(join(EXAMPLES, name), to, { recursive: true });
  const modules = join(folder, 'node_modules');
  const packages = join(ROOT, 'node_modules');
  mkdirSync(modules, { recursive: true });
  for (const each of readdirSync(packages)) link(join(packages, each), join(modules, each));
  link(ROOT, join(modules, 'bigtransfer'));
  return to;
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    // Another example was copied into the same folder.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  /** Called with the process as soon as it runs. */
  during?: (child: ChildProcess) => void;
  env?: Record<string, string>;
}

/** A little less than the tests' own limit, so that it is the test that fails. */
const TIMEOUT_MS = 110_000;

/** Runs one of an example's programs in its folder; one that hangs is killed. */
export function runExample(
  folder: string,
  args: string[],
  { during, env }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, ...env },
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
