// Examples as newcomers have them: copied out of the clone, beside node_modules that have the package.
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runNode, type NodeOptions, type Outcome } from '../support/child';

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

/** A little less than the tests' own limit, so that it is the test that fails. */
const TIMEOUT_MS = 110_000;

/** Runs one of an example's programs in its folder; one that hangs is killed. */
export function runExample(
  folder: string,
  args: string[],
  options: Omit<NodeOptions, 'cwd'> = {},
): Promise<Outcome> {
  return runNode(args, { ...options, cwd: folder }, TIMEOUT_MS);
}
