// Finds the libtorch to load or to build against, in the order that the documentation gives.

import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NEEDS_CHECKS, type Needs } from '../config/libtorch_options';
import { checkOptions } from '../config/options';
import { BitError } from '../errors';
import { packageBeside, packageRoot } from '../package_root';
import { deniedReason } from '../permission';
import { cachedCopies, isComplete, libtorchCacheDir, libtorchOf } from './cache';
import { type Inspection, inspectDirectory, readVersion } from './directory';
import { PINNED, SUPPORTED, compareVersions } from './versions';

/** Where a libtorch is looked for; 'process' is one that was loaded before. */
export type LibtorchSource = 'env' | 'package' | 'cache' | 'python' | 'process';

/** A usable libtorch: `dir` holds `lib/`. */
export interface FoundLibtorch {
  /** Full path. */
  dir: string;
  /** As '2.13.0+cpu'. */
  version: string;
  /** How it was found. */
  source: LibtorchSource;
  /** CUDA's version, null for a CPU build, undefined where the copy does not tell. */
  cuda?: string | null;
}

/** A place that was looked at and why it would not do. */
export interface TriedLibtorch {
  /** How it was found. */
  source: LibtorchSource;
  /** A folder, a package or a program. */
  where: string;
  /** In words. */
  why: string;
}

/** What {@link findLibtorch} came upon. */
export interface LibtorchSearch {
  /** The first that will do; null where none does. */
  found: FoundLibtorch | null;
  /** Those before it that will not do. */
  tried: TriedLibtorch[];
}

/** Places of one source; a generator, so that what is not needed is not looked for. */
type Places = Generator<{ where: string } | { where: string; why: string }>;

/**
 * Looks for libtorch: `BIGTRANSFER_LIBTORCH`, a CUDA build in the cache where the machine has NVIDIA's
 * driver, the platform package, the cache, Python's torch.
 * Nothing is loaded; Python is asked only when all else fails.
 * @throws BitError `ERR_BIT_LIBTORCH` when `BIGTRANSFER_LIBTORCH` is set to a directory that won't do,
 *   `ERR_BIT_CONFIG` for needs that are wrong or unknown.
 */
export function findLibtorch(options: Needs = {}): LibtorchSearch {
  const needs = checkOptions(options, NEEDS_CHECKS);
  const tried: TriedLibtorch[] = [];
  const set = process.env['BIGTRANSFER_LIBTORCH'];
  if (set) return { found: fromEnvironment(resolve(set), needs), tried };

  const sources: [LibtorchSource, () => Places][] = [
    ['cache', () => cudaPlaces(needs)],
    ['package', packagePlaces],
    ['cache', cachePlaces],
    ['python', pythonPlaces],
  ];
  for (const [source, places] of sources) {
    for (const place of places()) {
      const seen = 'why' in place ? no(place.why) : inspect(place.where, needs);
      if (seen.ok) {
        return {
          found: { dir: place.where, version: seen.version, source, cuda: seen.cuda },
          tried,
        };
      }
      tried.push({ source, where: place.where, why: seen.why });
    }
  }
  return { found: null, tried };
}

/** The error for a search that found nothing: what was tried, and the one thing to do. */
export function libtorchNotFound(tried: TriedLibtorch[], needs: Needs = {}): BitError {
  const { version, cuda } = checkOptions(needs, NEEDS_CHECKS);
  const wanted = version === undefined ? `${SUPPORTED.from} to ${SUPPORTED.to}` : either(version);
  const lines = tried.map(({ source, where, why }) => `  ${source}: ${where}: ${why}`);
  return new BitError(
    'ERR_BIT_LIBTORCH',
    [`No libtorch (${wanted}) was found.`, ...lines, ...howToInstall(tried, cuda === true)].join(
      '\n',
    ),
  );
}

function howToInstall(tried: readonly TriedLibtorch[], cuda: boolean): string[] {
  const command = `npx bigtransfer libtorch fetch${cuda ? ' --cuda' : ''}`;
  const otherwise = `Run \`${command}\`, or set BIGTRANSFER_LIBTORCH to the directory of a libtorch (the one with lib/ in it).`;
  if (cuda) return [otherwise];
  const { optionalDependencies } = ownManifest();
  const platform = platformPackage();
  const ofPackage = tried.find(({ source }) => source === 'package');
  if (!ofPackage || !(platform in optionalDependencies)) return [otherwise];
  const name = `${platform}@${optionalDependencies[platform]}`;
  if (ofPackage.where !== platform) {
    return [
      `Remove ${ofPackage.where} and run \`npm install ${name}\`.`,
      `If that cannot be: ${lower(otherwise)}`,
    ];
  }
  return [
    `${platform} comes with bigtransfer unless optional dependencies are left out (npm's --omit=optional, ` +
      `or a lock file made on another platform). Run \`npm install ${name}\`.`,
    `If that cannot be: ${lower(otherwise)}`,
  ];
}

const lower = (sentence: string) => sentence.charAt(0).toLowerCase() + sentence.slice(1);

const platformPackage = () => `@bigtransfer/libtorch-${process.platform}-${process.arch}`;

/** What the published package asks for; a clone asks for nothing. */
function ownManifest(): { optionalDependencies: Record<string, string> } {
  const path = join(packageRoot('ERR_BIT_LIBTORCH'), 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
    optionalDependencies?: Record<string, string>;
  };
  return { optionalDependencies: manifest.optionalDependencies ?? {} };
}

const either = (series: string | readonly string[]) => [series].flat().join(' or ');

function no(why: string) {
  return { ok: false, why } as const;
}

/** As inspectDirectory, with what Node's permission model denies as a reason. */
function inspect(dir: string, needs: Needs): Inspection {
  try {
    return inspectDirectory(dir, needs);
  } catch (error) {
    return no(whyDenied(error));
  }
}

/** @throws the error itself when it is another one. */
function whyDenied(error: unknown): string {
  const reason = deniedReason(error);
  if (reason === null) throw error;
  return `Node's permission model is on: ${reason}`;
}

/** An addon serves the libtorch series that it was built for, and can be built for others. */
const howToBuild = (series: string | readonly string[]) =>
  `The addon here is built for libtorch ${either(series)}. In a clone, \`npm run build:native\` builds it for the one ` +
  'that BIGTRANSFER_LIBTORCH names, and `npm run build:cuda` for a CUDA libtorch with its GPUs.';

function fromEnvironment(dir: string, needs: Needs): FoundLibtorch {
  const seen = inspect(dir, needs);
  if (seen.ok) return { dir, version: seen.version, source: 'env', cuda: seen.cuda };
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    `BIGTRANSFER_LIBTORCH is set to ${dir}, which cannot be used: ${seen.why}.\n` +
      'Set it to the directory of a libtorch (the one with lib/ in it), or unset it to have one looked for.' +
      (needs.version ? `\n${howToBuild(needs.version)}` : ''),
  );
}

function* packagePlaces(): Places {
  const name = platformPackage();
  const folder = packageBeside(name);
  if (folder === null) yield { where: name, why: 'it is not installed' };
  else yield { where: folder };
}

/**
 * Builds for GPUs are preferred where they may be of use, since somebody fetched them for that. Those that
 * will not do are left to the cache's turn, to be told once.
 */
function* cudaPlaces(needs: Needs): Places {
  if (!hasNvidiaDriver()) return;
  for (const place of cachePlaces()) {
    const seen = 'why' in place ? null : inspect(place.where, { ...needs, cuda: true });
    if (seen?.ok) yield place;
  }
}

/** On Linux, and on Windows' subsystem for it. */
function hasNvidiaDriver(): boolean {
  return ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'].some((path) => {
    try {
      return existsSync(path);
    } catch {
      return false; // Node's permission model
    }
  });
}

function* cachePlaces(): Places {
  try {
    yield* cacheOrdered();
  } catch (error) {
    if (error instanceof BitError) yield { where: 'no folder', why: error.message };
    else yield { where: libtorchCacheDir(), why: whyDenied(error) };
  }
}

/** The pinned version first, then the newest. */
function* cacheOrdered(): Places {
  const all = cachedCopies();
  const copies = all
    .filter(isComplete)
    .map(libtorchOf)
    .map((where) => ({ where, version: readVersion(where) ?? '0' }));
  if (all.length === 0) yield { where: libtorchCacheDir(), why: 'nothing was fetched' };
  for (const where of all.filter((dir) => !isComplete(dir)))
    yield { where, why: 'it was not fetched to its end: it has no manifest.json' };
  const pinnedFirst = (version: string) => (version === PINNED.version ? 0 : 1);
  copies.sort(
    (a, b) =>
      pinnedFirst(a.version) - pinnedFirst(b.version) || compareVersions(b.version, a.version),
  );
  for (const { where } of copies) yield { where };
}

// The current directory is left out: a clone of PyTorch there is no installed torch.
const FIND_TORCH = `
import importlib.util, os, sys
try:
    here = os.getcwd()
except OSError:
    here = ''
sys.path = [p for p in sys.path if p not in ('', here)]
spec = importlib.util.find_spec('torch')
print(os.path.dirname(spec.origin) if spec and spec.origin else '')
`;
const PYTHON_TIMEOUT_MS = 10_000;

function* pythonPlaces(): Places {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  let result: SpawnSyncReturns<string>;
  try {
    result = spawnSync(python, ['-c', FIND_TORCH], {
      encoding: 'utf8',
      env: process.env,
      timeout: PYTHON_TIMEOUT_MS,
      windowsHide: true,
    });
  } catch (error) {
    yield { where: python, why: whyDenied(error) };
    return;
  }
  const dir = result.stdout?.trim();
  if (dir) yield { where: dir };
  else if (result.error) yield { where: python, why: pythonProblem(result.error) };
  else yield { where: python, why: 'it has no torch' };
}

function pythonProblem(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? 'there is no such program' : error.message;
}
