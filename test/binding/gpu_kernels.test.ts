// What nvcc makes of the kernels, as far as their speed hangs on it: whole packs are loaded and
// stored, copies to shared memory wait for nothing, products run on tensor cores.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLibtorch } from '../../lib/libtorch';
import { ROOT } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const NVCC = ['nvcc', '/usr/local/cuda/bin/nvcc'].find(
  (command) => spawnSync(command, ['--version']).status === 0,
);
/** Without nvcc there is nothing to look at. */
const onNvcc = NVCC ? test : test.skip;
const MILLISECONDS = 300_000;

const folder = temporaryFolder();

/** PTX of each kernel of a source, by its mangled name. */
function kernelsOf(name: string): Map<string, string> {
  const { found } = findLibtorch({ needHeaders: true });
  if (!NVCC || !found) throw new Error('There is no nvcc or no libtorch');
  const ptx = join(folder, `${name}.ptx`);
  const source = join(ROOT, 'native', 'ops', 'cuda', `${name}_kernel.cu`);
  const includes = ['-I', join(ROOT, 'native'), '-isystem', join(found.dir, 'include')];
  const flags = ['-ptx', '-arch=compute_90', '-std=c++20', '-O3', '--expt-relaxed-constexpr'];
  execFileSync(NVCC, [...flags, ...includes, source, '-o', ptx]);
  const entries = readFileSync(ptx, 'utf8').split('.entry ').slice(1);
  return new Map(entries.map((entry) => [/\w+/.exec(entry)?.[0] ?? '', entry]));
}

/** Those whose name has all of the parts. */
function named(kernels: Map<string, string>, ...parts: string[]): [string, string][] {
  const found = [...kernels].filter(([name]) => parts.every((part) => name.includes(part)));
  expect(found).not.toHaveLength(0);
  return found;
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

/** Widths of packs in the names of template arguments: 16 bytes of float and of 16 bits. */
const WIDE = ['Li4E', 'Li8E'];
const NARROW_STORE = /st\.global\.(?!v4)/g;
const WIDE_STORE = /st\.global\.v4/g;
const WIDE_LOAD = /ld\.global\.v4/g;

onNvcc(
  'norms in passes move 16 bytes at once, several of them on their way',
  () => {
    const kernels = kernelsOf('group_norm_passes');
    for (const width of WIDE) {
      for (const [, text] of named(kernels, 'norm_apply', width)) {
        expect(count(text, WIDE_STORE)).toBeGreaterThan(0);
        expect(count(text, NARROW_STORE)).toBe(0);
        expect(count(text, WIDE_LOAD)).toBeGreaterThanOrEqual(4);
        // Where a thread's channels stand is found once, and not by a division for each pack.
        expect(count(text, /\brem\.[su]64/g)).toBe(0);
      }
      for (const [, text] of named(kernels, 'norm_parts', width)) {
        expect(count(text, WIDE_STORE)).toBeGreaterThan(0);
        expect(count(text, WIDE_LOAD)).toBeGreaterThanOrEqual(4);
      }
    }
  },
  MILLISECONDS,
);

onNvcc(
  'norms on the chip are read by asynchronous copies of 16 bytes',
  () => {
    const kernels = kernelsOf('group_norm_slab');
    for (const width of WIDE) {
      for (const [, text] of named(kernels, 'group_norm_slab', width)) {
        expect(count(text, /cp\.async\.cg\.shared\.global/g)).toBeGreaterThan(0);
        expect(count(text, WIDE_STORE)).toBeGreaterThan(0);
      }
    }
  },
  MILLISECONDS,
);

onNvcc(
  'the input is interleaved in whole packs',
  () => {
    for (const [, text] of named(kernelsOf('interleave'), 'interleave_pixels', 'Li4E')) {
      expect(count(text, WIDE_STORE)).toBeGreaterThan(0);
      expect(count(text, NARROW_STORE)).toBe(0);
    }
  },
  MILLISECONDS,
);

onNvcc(
  'products with a norm run on tensor cores, and write 16 bytes at once',
  () => {
    for (const [, text] of named(kernelsOf('norm_product'), 'product_tile')) {
      expect(count(text, /wmma\.mma\.sync/g)).toBeGreaterThan(0);
      expect(count(text, WIDE_STORE)).toBeGreaterThan(0);
    }
  },
  MILLISECONDS,
);
