// What a directory that should be a libtorch holds: its version, its CUDA, and what it lacks.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEEDS_CHECKS, type Needs } from '../config/libtorch_options';
import { checkOptions } from '../config/options';
import { missingBytes } from './elf';
import { SUPPORTED, isSupported, majorMinor } from './versions';

/** A directory's libtorch, or why it is none. */
export type Inspection =
  | {
      /** It will do. */
      ok: true;
      /** As '2.13.0+cpu'. */
      version: string;
      /** CUDA's version, null for a CPU build, undefined where the copy does not tell. */
      cuda: string | null | undefined;
    }
  | {
      /** It will not do. */
      ok: false;
      /** What it lacks, in words. */
      why: string;
    };

/**
 * Looks into a directory, without loading anything.
 * @throws BitError `ERR_BIT_CONFIG` for needs that are wrong or unknown.
 */
export function inspectDirectory(dir: string, options: Needs): Inspection {
  const needs = checkOptions(options, NEEDS_CHECKS);
  if (!existsSync(dir)) return no('there is no such directory');
  const library = libraries().find((name) => !existsSync(join(dir, 'lib', name)));
  if (library !== undefined) return no(`it has no ${join('lib', library)}`);
  for (const name of libraries()) {
    const cut = missingBytes(join(dir, 'lib', name));
    if (cut) return no(`${join('lib', name)} is damaged: it has ${cut.has} bytes of ${cut.needs}`);
  }
  const version = readVersion(dir);
  if (version === null)
    return no('it has no build-version, version.py or version.h that tells its version');
  const series = needs.version === undefined ? null : [needs.version].flat();
  if (series !== null && !series.includes(majorMinor(version) ?? '')) {
    return no(`it is ${version}, and ${series.join(' or ')} is needed`);
  }
  if (!isSupported(version)) {
    return no(`it is ${version}, and ${SUPPORTED.from} to ${SUPPORTED.to} are supported`);
  }
  if (needs.needHeaders) {
    const missing = HEADERS.find((path) => !existsSync(join(dir, path)));
    if (missing !== undefined) return no(`it has no ${missing}, which building needs`);
  }
  const cuda = readCuda(dir, version);
  if (needs.cuda && cuda === null) return no(`it is ${version}, a build for the CPU`);
  return { ok: true, version, cuda };
}

const HEADERS = ['include/ATen/ATen.h', 'share/cmake/Torch/TorchConfig.cmake'];

function no(why: string): Inspection {
  return { ok: false, why };
}

/** The files that every libtorch of this platform has. */
function libraries(): string[] {
  return ['c10', 'torch_cpu'].map(libraryName);
}

function libraryName(name: string): string {
  if (process.platform === 'win32') return `${name}.dll`;
  return process.platform === 'darwin' ? `lib${name}.dylib` : `lib${name}.so`;
}

/** The version as the copy itself states it: libtorch's zip, a Python package, or the headers. */
export function readVersion(dir: string): string | null {
  const zip = read(dir, 'build-version')?.trim();
  if (zip && majorMinor(zip) !== null) return zip;
  const python = /^__version__\s*=\s*['"]([^'"]+)['"]/m.exec(read(dir, 'version.py') ?? '')?.[1];
  if (python && majorMinor(python) !== null) return python;
  for (const header of ['include/torch/headeronly/version.h', 'include/torch/version.h']) {
    const text = read(dir, header) ?? '';
    const found = /#define\s+TORCH_VERSION\s*\\?\s*"([^"]+)"/.exec(text)?.[1];
    if (found && majorMinor(found) !== null) return found;
  }
  return null;
}

/** CUDA's version, null for a CPU build, undefined for a CUDA build that does not tell. */
function readCuda(dir: string, version: string): string | null | undefined {
  if (!existsSync(join(dir, 'lib', libraryName('torch_cuda')))) return null;
  const stated = /^cuda\b[^=\n]*=\s*['"]([^'"]+)['"]/m.exec(read(dir, 'version.py') ?? '')?.[1];
  if (stated) return stated;
  const suffix = /\+cu(\d+)(\d)$/.exec(version); // 2.13.0+cu128 → 12.8
  return suffix ? `${suffix[1]}.${suffix[2]}` : undefined;
}

function read(dir: string, path: string): string | null {
  try {
    return readFileSync(join(dir, path), 'utf8');
  } catch {
    return null;
  }
}
