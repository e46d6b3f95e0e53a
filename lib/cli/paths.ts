// Arguments → images: files, folders (looked through to the bottom), globs, URLs.

import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';

/** What sharp decodes, by the usual endings. */
const IMAGES = '**/*.{jpg,jpeg,jfif,png,webp,gif,bmp,tif,tiff,avif,heic,heif,svg}';

/** Images in the order of the arguments, each once; arguments that match nothing. */
export interface ExpandedPaths {
  paths: string[];
  unmatched: string[];
}

/** A name that exists is taken as it is, even when it looks like a glob. */
export async function expandPaths(
  args: readonly string[],
  signal?: AbortSignal,
): Promise<ExpandedPaths> {
  const paths = new Set<string>();
  const unmatched: string[] = [];
  for (const argument of args) {
    const found = await expand(argument, signal);
    if (found.length === 0) unmatched.push(argument);
    for (const path of found) paths.add(path);
  }
  return { paths: [...paths], unmatched };
}

async function expand(argument: string, signal?: AbortSignal): Promise<string[]> {
  if (/^(https?|data|file):/.test(argument)) return [argument];
  if (existsSync(argument)) {
    if (!statSync(argument).isDirectory()) return [argument];
    const inside = await glob(IMAGES, { cwd: argument, caseSensitiveMatch: false, signal });
    return inside.sort().map((path) => join(argument, path));
  }
  const pattern = process.platform === 'win32' ? argument.replaceAll('\\', '/') : argument;
  if (!isDynamicPattern(pattern)) return [];
  const options = { absolute: isAbsolute(argument), expandDirectories: false, signal };
  return (await glob(pattern, options)).sort();
}
