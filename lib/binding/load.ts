// The only door to the addon: finds the loader and the core, and libtorch for them, once.
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BitError } from '../errors';
import {
  findLibtorch,
  inspectDirectory,
  libtorchCacheDir,
  libtorchNotFound,
  majorMinor,
  type FoundLibtorch,
} from '../libtorch';
import { missingBytes } from '../libtorch/elf';
import { packageBeside, packageRoot, unpacked, unpackingAdvice } from '../package_root';
import { asDenied, deniedReason, isRestricted } from '../permission';
import { libcFamily, platformName, whyNotPrebuilt } from '../platform';
import { closeAtExit } from './at_exit';
import type { TrainingBinding } from './training_types';
import type { NativeBinding } from './types';

const CORE_NAME = /^bigtransfer-torch(\d+\.\d+)\.so$/;

const CUDA_PACKAGE = `@bigtransfer/cuda-${process.platform}-${process.arch}`;

/** All that the addon exports. */
type Binding = NativeBinding & TrainingBinding;

interface Loader {
  /** The folder of the libtorch that the process has loaded already, empty where there is none. */
  loaded(): string;
  open(libraryDirectory: string, corePath: string): Binding & Initializable;
}

interface Initializable {
  initialize(options: { threads: number; BitError: typeof BitError; cudaLibrary: string }): void;
}

/** A core library and the libtorch series (major.minor) that it is built against. */
interface Core {
  path: string;
  series: string;
}

/** What {@link loadBinding} settled on, for systemInfo() and `doctor`. */
export interface LoadedBinding {
  binding: Binding;
  libtorch: FoundLibtorch;
  addon: string;
}

let loaded: LoadedBinding | undefined;

/**
 * The native functions; loads libtorch on the first call.
 * @throws BitError ERR_BIT_LIBTORCH when the addon or a libtorch that it fits is missing.
 */
export function loadBinding(): Binding {
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
  let libtorch = findFor(cores);
  try {
    // Not by this module's own require, which bundlers rewrite.
    const loader = createRequire(addon)(addon) as Loader;
    libtorch = alreadyLoaded(loader.loaded(), libtorch, cores) ?? libtorch;
    const core = coreFor(libtorch, cores);
    const binding = loader.open(join(libtorch.dir, 'lib'), core.path);
    const cudaLibrary = cudaLibraryOf(core);
    binding.initialize({ threads: availableParallelism(), BitError, cudaLibrary });
    // process.exit() unloads libtorch without ending the environment first.
    closeAtExit(loader, () => binding.close());
    return { binding, libtorch, addon };
  } catch (cause) {
    if (cause instanceof BitError || deniedReason(cause) !== null) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const advice = isPrebuilt(addon) ? whyNotPrebuilt() : null;
    throw new BitError(
      'ERR_BIT_LIBTORCH',
      `The native addon ${addon} does not load with libtorch ${libtorch.version} in ` +
        `${libtorch.dir}: ${why}${advice === null ? '' : `\n${advice}`}`,
      { cause },
    );
  }
}

/** prebuilds/ of the package, build/Release of a clone, or either of where BIGTRANSFER_PREBUILD points. */
function addonPath(root: string): string {
  try {
    return unpacked(withKnownLibc(gypBuild).resolve(root));
  } catch (cause) {
    if (deniedReason(cause) !== null) throw cause;
    const set = process.env['BIGTRANSFER_PREBUILD'];
    const place = set ? `${set}, which BIGTRANSFER_PREBUILD names` : root;
    throw new BitError(
      'ERR_BIT_LIBTORCH',
      `There is no native addon for ${platformName()} in ${place}${whatHelps(root, set)}`,
      { cause },
    );
  }
}

/** Of a missing addon; `set` is what BIGTRANSFER_PREBUILD names. A clone has what a published package has not. */
function whatHelps(root: string, set: string | undefined): string {
  const why = whyNotPrebuilt();
  if (why !== null) return `. ${why}`;
  if (set) {
    const named = '. Let it name a folder with prebuilds/ or build/Release/ in it, or unset it';
    return unpackingAdvice(set) || named;
  }
  const libc = isRestricted() ? undefined : process.env['LIBC'];
  if (libc && libc !== libcFamily())
    return `. The variable LIBC says '${libc}', by which addons are chosen: unset it`;
  const build = existsSync(join(root, 'tsconfig.json'))
    ? '. In a clone, run `npm run build:native`; it needs CMake and a C++20 compiler'
    : '. Install bigtransfer again: the published package has it in prebuilds/';
  return unpackingAdvice(root) || build;
}

const isPrebuilt = (addon: string) => basename(dirname(dirname(addon))) === 'prebuilds';

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
  env['LIBC'] = libcFamily() ?? 'glibc';
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
  for (const { path } of cores) {
    const cut = missingBytes(path);
    if (cut) {
      throw new BitError(
        'ERR_BIT_LIBTORCH',
        `${path} is damaged: it has ${cut.has} bytes of ${cut.needs}. Install bigtransfer again`,
      );
    }
  }
  if (cores.length > 0) return cores;
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    `${basename(addon)} in ${directory} has no core library beside it` +
      (unpackingAdvice(addon) ||
        ': the build is incomplete. Run `npm run build:native`, or install the package again'),
  );
}

const seriesOf = (cores: Core[]) => ({ version: cores.map(({ series }) => series) });

/** The best libtorch that there is a core for: C++ has no other compatibility. */
function findFor(cores: Core[]): FoundLibtorch {
  const { found, tried } = findLibtorch(seriesOf(cores));
  if (!found) throw libtorchNotFound(tried, seriesOf(cores));
  return found;
}

/**
 * Another libtorch than the one that was found, where the process has it: another copy of the package, or
 * another package, has loaded it, and two of them would end the process.
 */
function alreadyLoaded(folder: string, found: FoundLibtorch, cores: Core[]): FoundLibtorch | null {
  const dir = dirname(folder);
  if (folder === '' || realpathSync(dir) === realpathSync(found.dir)) return null;
  const seen = inspectDirectory(dir, seriesOf(cores));
  if (seen.ok) return { dir, version: seen.version, source: 'process', cuda: seen.cuda };
  throw new BitError(
    'ERR_BIT_LIBTORCH',
    `This process has loaded the libtorch in ${dir} already, and can have no other; but ${seen.why}. ` +
      'Use versions of the packages that take the same libtorch, or processes of their own',
  );
}

function coreFor({ version }: FoundLibtorch, cores: Core[]): Core {
  return cores.find(({ series }) => series === majorMinor(version)) as Core;
}

/** The library for GPUs: beside the core in a clone, else in a package of its own. */
function cudaLibraryOf({ path, series }: Core): string {
  const name = `bigtransfer-cuda-torch${series}.so`;
  const beside = join(dirname(path), name);
  const folder = existsSync(beside) ? null : packageBeside(CUDA_PACKAGE);
  return folder === null ? beside : join(folder, name);
}
