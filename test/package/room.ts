// An empty room: a folder with nothing in it, a home of its own, and a PATH with Node and npm alone.
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/child';

export const TOOLS = join(ROOT, 'build-package-tests', 'node_modules');
export const REGISTRY = process.env['BIGTRANSFER_REGISTRY'] as string;
/** By their major version, as the tools' package.json has them. */
export const node = (major: number) => join(TOOLS, `node${major}`, 'bin', 'node');

const NPM = dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim()));
const TIMEOUT_MS = 880_000;

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

interface User {
  uid?: number;
  gid?: number;
}

export interface Settings {
  /** Node's binary; default that of version 20. */
  node?: string;
  /** Part of the folder's name. */
  name?: string;
  env?: Record<string, string | undefined>;
}

/** Of this file's rooms. */
const bases: string[] = [];
afterAll(() => bases.forEach((base) => rmSync(base, { recursive: true, force: true })));

export class Room {
  readonly folder: string;
  readonly home: string;
  readonly bin: string;
  readonly env: Record<string, string | undefined>;

  constructor({ node: binary = node(20), name = 'room', env = {} }: Settings = {}) {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'bit-')));
    this.folder = join(base, name);
    this.home = join(base, 'home');
    this.bin = join(base, 'bin');
    chmodSync(base, 0o755);
    for (const folder of [this.folder, this.home, this.bin]) mkdirSync(folder);
    symlinkSync(binary, join(this.bin, 'node'));
    for (const tool of ['npm', 'npx'])
      symlinkSync(join(NPM, `${tool}-cli.js`), join(this.bin, tool));
    this.env = {
      PATH: this.bin,
      HOME: this.home,
      npm_config_registry: REGISTRY,
      npm_config_ignore_scripts: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      ...env,
    };
    bases.push(base);
    this.write('package.json', '{ "name": "room", "private": true }');
    copyFileSync(join(ROOT, 'examples', 'pictures', 'boat.jpg'), join(this.folder, 'boat.jpg'));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** What became of a program that ran in the folder, whatever its exit code. */
  async run(
    command: string,
    args: string[],
    env: Settings['env'] = {},
    user: User = {},
  ): Promise<Outcome> {
    const limits = { timeout: TIMEOUT_MS, maxBuffer: 1 << 26 };
    const options = { cwd: this.folder, env: { ...this.env, ...env }, ...limits, ...user };
    try {
      return { code: 0, ...(await promisify(execFile)(command, args, options)) };
    } catch (error) {
      const { code, stdout, stderr, message } = error as Outcome & Error;
      if (typeof code !== 'number') throw new Error(`${command}: ${message}\n${stderr}`);
      return { code, stdout, stderr };
    }
  }

  /** As run(); rejects unless it exits with 0. */
  async must(
    command: string,
    args: string[],
    env: Settings['env'] = {},
    user: User = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, args, env, user);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  node(...args: string[]): Promise<string> {
    return this.must(join(this.bin, 'node'), args);
  }

  install(...args: string[]): Promise<string> {
    return this.must(join(this.bin, 'npm'), ['install', ...args]);
  }

  /** The installed command line. */
  bigtransfer(...args: string[]): Promise<string> {
    return this.must(join(this.folder, 'node_modules', '.bin', 'bigtransfer'), args);
  }
}

/** README's first lines of TypeScript: the first block that imports the package. */
export function readmeLines(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const block = /```ts\n(import [^]*?)```/.exec(readme)?.[1];
  if (block === undefined) throw new Error('README.md has no block of TypeScript');
  return block;
}

/** The same as a CommonJS module. */
export function asCommonJs(lines: string): string {
  const [, names = '', body = ''] =
    /^import (\{[^}]*\}) from 'bigtransfer';\n([^]*)$/.exec(lines) ?? [];
  return `const ${names} = require('bigtransfer');\n(async () => {\n${body}})();\n`;
}

/** The picture is a boat. */
export const LABEL = /^boat /m;
