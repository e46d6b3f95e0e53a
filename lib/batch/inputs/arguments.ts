// Arguments → what they mean: files, folders (looked through to the bottom), globs, URLs.
import { existsSync, lstatSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import type glob from 'fast-glob';
import type micromatch from 'micromatch';
import { findImages } from './folder';
import { isImageName, isUrl, shardKind, single, type Listed } from './listed';
import { sorted } from './sorted';

export interface ExpandOptions {
  /** Whether tar and Parquet files are shards that hold pictures; default false. */
  withShards?: boolean;
  /** Whether what several arguments mean comes once for each of them; default false: once. */
  withRepeats?: boolean;
  signal?: AbortSignal;
}

/* eslint-disable @typescript-eslint/no-require-imports -- imports would load them with the package */
const loadGlob = () => require('fast-glob') as typeof glob;
const loadMicromatch = () => require('micromatch') as typeof micromatch;
/* eslint-enable @typescript-eslint/no-require-imports */

/** In the order of the arguments. A name that exists is taken as it is, even when it looks like a glob. */
export async function* expandArguments(
  args: Iterable<string>,
  options: ExpandOptions = {},
): AsyncGenerator<Listed, void, undefined> {
  const { withRepeats = false } = options;
  const earlier = new Covered();
  for (const argument of args) {
    const meaning = meaningOf(argument);
    for await (const listed of expand(argument, meaning, options))
      if (withRepeats || !earlier.has(listed.path)) yield listed;
    earlier.add(argument, meaning);
  }
}

type Meaning = 'url' | 'file' | 'folder' | 'glob' | 'nothing' | 'lost link';

function meaningOf(argument: string): Meaning {
  if (argument === '' || argument.includes('\0')) return 'nothing';
  if (isUrl(argument)) return 'url';
  if (existsSync(argument)) return statSync(argument).isDirectory() ? 'folder' : 'file';
  if (loadGlob().isDynamicPattern(patternOf(argument))) return 'glob';
  try {
    return lstatSync(argument).isSymbolicLink() ? 'lost link' : 'file';
  } catch (error) {
    // What may not be looked at is there, perhaps: whoever reads it says why that fails.
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'file' : 'nothing';
  }
}

async function* expand(
  argument: string,
  meaning: Meaning,
  { withShards = false, signal }: ExpandOptions,
): AsyncGenerator<Listed, void, undefined> {
  switch (meaning) {
    case 'url':
    case 'file':
      yield single(argument, withShards);
      return;
    case 'folder':
      yield* orProblem(argument, 'there is no image in this folder', () =>
        findImages(argument, { withShards, signal }),
      );
      return;
    case 'glob':
      yield* orProblem(argument, 'there is no such image', () =>
        findMatches(argument, withShards, signal),
      );
      return;
    case 'lost link':
      yield { path: argument, problem: 'this link leads nowhere' };
      return;
    case 'nothing':
      yield { path: argument, problem: 'there is no such image' };
  }
}

/** What is found, or why there is nothing. */
async function* orProblem(
  path: string,
  problem: string,
  find: () => AsyncIterable<Listed>,
): AsyncGenerator<Listed, void, undefined> {
  let isEmpty = true;
  for await (const listed of find()) {
    isEmpty = false;
    yield listed;
  }
  if (isEmpty) yield { path, problem };
}

async function* findMatches(
  argument: string,
  withShards: boolean,
  signal?: AbortSignal,
): AsyncGenerator<Listed, void, undefined> {
  const options = { absolute: isAbsolute(argument), unique: false, suppressErrors: true };
  const matches = loadGlob().stream(patternOf(argument), options) as AsyncIterable<string>;
  for await (const path of sorted(matches)) {
    signal?.throwIfAborted();
    yield single(path, withShards);
  }
}

/** With slashes between folders, as globs have them everywhere. */
const patternOf = (argument: string) =>
  process.platform === 'win32' ? argument.replaceAll('\\', '/') : argument;

/** What earlier arguments have given, without a list of it: folders and globs may hold millions. */
class Covered {
  private readonly names = new Set<string>();
  private readonly tests: ((path: string) => boolean)[] = [];

  add(argument: string, meaning: Meaning): void {
    if (meaning === 'folder') this.tests.push((path) => isFoundIn(argument, path));
    if (meaning === 'glob') this.tests.push(matcherOf(argument));
    this.names.add(argument);
  }

  has(path: string): boolean {
    return this.names.has(path) || this.tests.some((test) => test(path));
  }
}

/** Whether findImages(folder) gives it, under this very name. */
function isFoundIn(folder: string, path: string): boolean {
  const inside = join(folder, '*').slice(0, -1);
  const rest = path.slice(inside.length);
  const isBelow = path.startsWith(inside) && !isAbsolute(rest) && !rest.startsWith('..');
  return (
    isBelow && path === normalize(path) && (isImageName(path) || shardKind(path) !== undefined)
  );
}

/** Whether findMatches(argument) gives it, under this very name. */
function matcherOf(argument: string): (path: string) => boolean {
  const matches = loadMicromatch().matcher(patternOf(argument));
  return (path) => matches(path) && !path.startsWith('./');
}
