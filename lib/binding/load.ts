// The only door to the addon: finds the loader and the core, and libtorch for them, once.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BitError } from '../errors';
import { findLibtorch, libtorchNotFound, unpacked, type FoundLibtorch } from '../libtorch';
import type { NativeBinding } from './types';

const PACKAGE_ROOT = join(__dirname, '..', '..');
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
  loaded ??= load();
  return loaded;
}

function load(): LoadedBinding {
  const addon = addonPath();
  const cores = coresBeside(addon);
  const { core, libtorch } = match(cores);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- known only now
    const loader = require(addon) as Loader;
    const binding = loader.open(join(libtorch.dir, 'lib'), core.path);
    binding.initialize({ threads: availableParallelism(), BitError });
    // process.exit() unloads libtorch without ending the environment first.
    process.once('exit', () => binding.close());
    return { binding, libtorch, addon };
  } catch (cause) {
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
function addonPath(): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- it has no types to import
  const { resolve } = require('node-gyp-build') as { resolve(dir: string): string };
  try {
    return unpacked(resolve(PACKAGE_ROOT));
  } catch (cause) {
    throw new BitError(
      'ERR_BIT_LIBTORCH',
      `There is no native addon for ${process.platform}-${process.arch} in ${PACKAGE_ROOT}. In a ` +
        'clone, run `npm run build:native`; it needs CMake and a C++20 compiler',
      { cause },
    );
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
    `${basename(addon)} in ${directory} has no core library beside it: the build is incomplete. ` +
      'Run `npm run build:native`, or install the package again',
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
