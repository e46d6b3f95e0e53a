// The Electron example packed in an asar archive, and scripts that run with it as they would inside Electron.
import * as asar from '@electron/asar';
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../support/child';
import type { Room } from '../package/room';
import { EXAMPLE } from './electron_app';

/** What a packer takes of the app's own files. */
const OWN = ['main.js', 'preload.js', 'package.json', 'lib', 'page', 'utility'];

/** What electron-builder.yml lists under a key. */
export function listed(key: string): string[] {
  const settings = readFileSync(join(EXAMPLE, 'electron-builder.yml'), 'utf8');
  const [, block = ''] = new RegExp(`^${key}:\n((?: {2}- .*\n)+)`, 'm').exec(settings) ?? [];
  return Array.from(block.matchAll(/^ {2}- '?([^'\n]+)'?$/gm), ([, value]) => value as string);
}

export interface Packed {
  archive: string;
  /** The folder that the archive was made of. */
  staged: string;
}

/** Installs the app with npm in a room, and packs it as electron-builder.yml says. */
export async function pack(room: Room): Promise<Packed> {
  const staged = join(room.folder, 'app');
  const archive = join(room.folder, 'resources', 'app.asar');
  for (const name of OWN) cpSync(join(EXAMPLE, name), join(staged, name), { recursive: true });
  cpSync(join(EXAMPLE, 'web'), join(room.folder, 'web'), { recursive: true });
  await room.must(join(room.bin, 'npm'), ['install', '--prefix', staged, '--omit=dev']);
  const unpack = `{${listed('asarUnpack').join(',')}}`;
  await asar.createPackageWithOptions(staged, archive, { unpack });
  return { archive, staged };
}

/** The same with everything inside. */
export async function packWhole(room: Room, { staged }: Packed): Promise<Packed> {
  const archive = join(room.folder, 'whole', 'app.asar');
  await asar.createPackage(staged, archive);
  return { archive, staged };
}

interface Entry {
  files?: Record<string, Entry>;
  unpacked?: boolean;
}

/** All files of an archive by their paths in it, and whether each lies beside it. */
export function filesOf({ archive }: Packed): Map<string, boolean> {
  const files = new Map<string, boolean>();
  const look = (entry: Entry, path: string) => {
    if (!entry.files) files.set(path, entry.unpacked === true);
    for (const [name, each] of Object.entries(entry.files ?? {})) look(each, join(path, name));
  };
  look(asar.getRawHeader(archive).header as Entry, '');
  return files;
}

const running: ChildProcess[] = [];
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** Runs a script in the room, to which the archive is a folder; gives its first line while it goes on. */
export async function started(room: Room, packed: Packed, script: string): Promise<string> {
  const file = room.write(`script-${running.length}.cjs`, script);
  const hooks = join(ROOT, 'test', 'package', 'electron_asar.js');
  // What it leaves behind goes with the room.
  const own = { TMPDIR: room.folder, ELECTRON_ASAR: JSON.stringify(packed) };
  const env = { ...room.env, ...own } as NodeJS.ProcessEnv;
  const options = { env, cwd: room.folder };
  const child = spawn(join(room.bin, 'node'), ['--require', hooks, file], options);
  running.push(child);
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += String(text)));
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error(`The script ended: ${stderr}`);
}
