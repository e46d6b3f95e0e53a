// Runs a script in a Node.js of its own, with the compiled package as `bigtransfer`.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = join(__dirname, '..', '..');

interface ChildOptions {
  env?: Record<string, string>;
  /** Whether the script is an ES module. */
  esm?: boolean;
  /** Of Node's own. */
  flags?: string[];
  /** A command that runs Node, such as one that limits what it may have. */
  under?: string[];
}

/** What the script printed as JSON on its last line; rejects when it exits with another code than 0. */
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
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as T;
}
