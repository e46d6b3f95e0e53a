// Arguments → images: files, folders (looked through to the bottom), globs, URLs.

import { existsSync, lstatSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { findImages, type ExpandedPaths, type PathProblem } from './folder';

/** A name that exists is taken as it is, even when it looks like a glob. */
export async function expandPaths(
  args: readonly string[],
  signal?: AbortSignal,
): Promise<ExpandedPaths> {
  const paths = new Set<string>();
  const problems = new Map<string, PathProblem>();
  for (const argument of args) {
    const found = await expand(argument, signal);
    for (const path of found.paths) paths.add(path);
    for (const problem of found.problems) problems.set(problem.path, problem);
  }
  return { paths: [...paths], problems: [...problems.values()] };
}

async function expand(argument: string, signal?: AbortSignal): Promise<ExpandedPaths> {
  if (/^\s*(https?|data|file):/i.test(argument)) return { paths: [argument], problems: [] };
  if (existsSync(argument)) {
    if (!statSync(argument).isDirectory()) return { paths: [argument], problems: [] };
    const found = await findImages(argument, signal);
    const isEmpty = found.paths.length + found.problems.length === 0;
    return isEmpty ? nothing(argument, 'there is no image in this folder') : found;
  }
  if (lstatSync(argument, { throwIfNoEntry: false })?.isSymbolicLink())
    return nothing(argument, 'this link leads nowhere');
  const pattern = process.platform === 'win32' ? argument.replaceAll('\\', '/') : argument;
  const options = { absolute: isAbsolute(argument), expandDirectories: false, signal };
  const paths = isDynamicPattern(pattern) ? (await glob(pattern, options)).sort() : [];
  return paths.length > 0 ? { paths, problems: [] } : nothing(argument, 'there is no such image');
}

function nothing(path: string, why: string): ExpandedPaths {
  return { paths: [], problems: [{ path, why }] };
}
