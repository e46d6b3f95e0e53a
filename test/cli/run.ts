// Runs the program: in this process, or compiled and in one of its own as a user would.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lib/cli/program';
import { ROOT, runNode, type NodeOptions, type Outcome } from '../support/child';

export { ROOT };
export const PICTURES = join(ROOT, 'examples', 'pictures');

/** Runs the program here, where faults in it are seen; as if there were no terminal. */
export async function bigtransfer(
  args: string[],
  { env }: Pick<NodeOptions, 'env'> = {},
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
export function bigtransferProcess(args: string[], options: NodeOptions = {}): Promise<Outcome> {
  return runNode([join(ROOT, 'dist', 'cli', 'main.js'), ...args], options);
}

/** The pictures of the examples, as paths. */
export function pictures(): string[] {
  const names = readdirSync(PICTURES).filter((name) => /\.(png|jpg)$/.test(name));
  return names.sort().map((name) => join(PICTURES, name));
}
