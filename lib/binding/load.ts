// The only door to the addon: finds the loader and the core, and libtorch for them, once.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BitError } from '../errors';
import { findLibtorch, libtorchCacheDir, libtorchNotFound, type FoundLibtorch } from '../libtorch';
import { packageRoot, unpacked, unpackingAdvice } from '../package_root';
import { asDenied, deniedReason, isRestricted } from '../permission';
import { closeAtExit } from './at_exit';
import type { NativeBinding } from './types';

const CORE_NAME = /^bigtransfer-torch(\d+\.\d+)\.so$/;

interface Loader {
  open(libraryDirectory: string, corePath: string): NativeBinding & Initializable;
}

interface Initializable {
  initialize(options: { threads: number; BitError: typeof BitError }): void;
}

/** A core library and the libtorch series (major.minor) that it is built against. */
interface Core {
  path: string;
  series: string;
}

/** What {@link loadBinding} settled on, for systemInfo() and `doctor`. */
export interface LoadedBinding {
  binding: NativeBinding;
  libtorch: FoundLibtorch;
  addon: string;
}

let loaded: LoadedBinding | undefined;

/**
 * The native functions; loads libtorch on the first call.
 * @throws BitError ERR_BIT_LIBTORCH when the addon or a libtorch that it fits is missing.
 */
export function loadBinding(): NativeBinding {
  return loadBindingInfo().binding;
}

/** Like {@link loadBinding}, with where everything was found. */
export function loadBindingInfo(): LoadedBinding {
  loaded ??= loadWhereAllowed();
  return loaded;
}

/** Says which flags are needed where Node's permission model is on. */
function loadWhereAllowed(): LoadedBinding {
  const root = packageRoot('ERR_BIT_LIBTORCH');
  try {
    return load(root);
  } catch (error) {
    const problem = asDenied(error, 'ERR_BIT_LIBTORCH');
    if (!(problem instanceof BitError) || !isRestricted()) throw problem;
    const folders = [root, process.env['BIGTRANSFER_LIBTORCH'] || libtorchCacheDir()];
    const flags = ['--allow-addons', ...folders.map((folder) => `--allow-fs-read=${folder}`)];
    throw new BitError(
      problem.code,
      `${problem.message}\nUnder Node's permission model bigtransfer needs ${flags.join(' ')}`,
      { cause: problem.cause },
    );
  }
}

function load(root: string): LoadedBinding {
  const addon = addonPath(root);
  const cores = coresBeside(addon);
  const { core, libtorch } = match(cores);
  try {
    // Not by this module's own require, which bundlers rewrite.
    const loader = createRequire(addon)(addon) as Loader;
    const binding = loader.open(join(libtorch.dir, 'lib'), core.path);
    binding.initialize({ threads: availableParallelism(), BitError });
    // process.exit() unloads libtorch without ending the environment first.
    closeAtExit(loader, () => binding.close());
    return { binding, libtorch, addon };
  } catch (cause) {
    if (deniedReason(cause) !== null) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BitError(
      'ERR_BIT_LIBTORCH',
      `The native addon ${addon} does not load with libtorch ${libtorch.version} in ` +
        `${libtorch.dir}: ${why}`,
      { cause },
    );
  }
}

/** prebuilds/ of the package or build/Release of a clone. */
function addonPath(root: string): string {
  try {
    return unpacked(withKnownLibc(gypBuild).resolve(root));
  } catch (cause) {
    if (deniedReason(cause) !== null) throw cause;
    throw new BitError(
      'ERR_BIT_LIBTORCH',
      `There is no native addon for ${process.platform}-${process.arch} in ${root}${unpackingAdvice(root)}. In ` +
        'a clone, run `npm run build:native`; it needs CMake and a C++20 compiler',
      { cause },
    );
  }
}

function gypBuild(): { resolve(dir: string): string } {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- it has no types to import
  return require('node-gyp-build') as ReturnType<typeof gypBuild>;
}

/**
 * Under Node's permission model node-gyp-build may not look for /etc/alpine-release, which tells it
 * the libc; it need not where LIBC is set.
 */
function withKnownLibc<T>(work: () => T): T {
  const { env } = process;
  if (!isRestricted() || env['LIBC'] !== undefined) return work();
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  env['LIBC'] = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  try {
    return work();
  } finally {
    delete env['LIBC'];
  }
}

function coresBeside(addon: string): Core[] {
  const directory = dirname(addon);
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const cores = names.flatMap((name) => {
    const series = CORE_NAME.exec(name)?.[1];
    return series === undefined ? [] : [{ path: join(directory, name), series }];
  });
  if (cores.length > 0) return cores;
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    `${basename(addon)} in ${directory} has no core library beside it` +
      (unpackingAdvice(addon) ||
        ': the build is incomplete. Run `npm run build:native`, or install the package again'),
  );
}

/** The first core for which there is a libtorch of its series: C++ has no other compatibility. */
function match(cores: Core[]): { core: Core; libtorch: FoundLibtorch } {
  let failure: unknown;
  for (const core of cores) {
    const needs = { version: core.series };
    try {
      const { found, tried } = findLibtorch(needs);
      if (found) return { core, libtorch: found };
      failure ??= libtorchNotFound(tried, needs);
    } catch (error) {
      // BIGTRANSFER_LIBTORCH may fit another core.
      failure ??= error;
    }
  }
  throw failure;
}
