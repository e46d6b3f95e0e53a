// Takes out of wheels what a C++ program needs of them: libraries, headers, CMake files.

import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, type ZipFile, openPromise } from 'yauzl';

export interface ExtractOptions {
  /** Bytes written, bytes in all. */
  onProgress?: (loaded: number, total: number) => void;
  signal?: AbortSignal;
}

const AT_ONCE = 8; // thousands of small headers: keep some files in flight

/** Where a wheel's file goes; null for one that is left out. */
export type Layout = (name: string) => string | null;

/** PyTorch's wheel by itself: what {@link isWanted} of it, without the `torch/`. */
export const torchAlone: Layout = (name) => {
  const path = name.startsWith('torch/') ? name.slice('torch/'.length) : '';
  return isWanted(path) ? path : null;
};

/**
 * PyTorch's wheel and NVIDIA's side by side as pip installs them, since libtorch looks for the others'
 * libraries by paths from its own.
 */
export const torchWithCuda: Layout = (name) => {
  if (name.startsWith('nvidia/'))
    return /^nvidia\/[^/]+\/(include\/.+(?<!\.py)|lib\/[^/]+\.so(\.[\w.]+)?)$/.test(name)
      ? name
      : null;
  const licence =
    /^([\w.]+)-[^/]+\.dist-info\/(?:licenses\/)?([^/]*(?:licen[sc]e|notice)[^/]*)$/i.exec(name);
  if (licence) return `licenses/${licence[1]}/${licence[2]}`;
  const path = torchAlone(name);
  return path === null ? null : `torch/${path}`;
};

/** Unpacks what the layout wants of the wheels into `dir`. */
export async function extractWheels(
  wheels: readonly string[],
  dir: string,
  layout: Layout,
  options: ExtractOptions = {},
): Promise<void> {
  const { signal, onProgress } = options;
  const zips = await Promise.all(wheels.map((wheel) => openPromise(wheel, { autoClose: false })));
  try {
    const entries = (await Promise.all(zips.map((zip) => wantedEntries(zip, layout)))).flat();
    const total = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    let loaded = 0;
    const queue = entries.values(); // one iterator: each worker takes the next
    const worker = async () => {
      for (const { zip, entry, path } of queue) {
        signal?.throwIfAborted();
        const onBytes = (bytes: number) => onProgress?.((loaded += bytes), total);
        await writeEntry(zip, entry, inside(dir, path), onBytes);
      }
    };
    await allOrFirstError(Array.from({ length: AT_ONCE }, worker), () => (entries.length = 0));
  } finally {
    zips.forEach((zip) => zip.close());
  }
}

/** Waits for all, so that nothing still writes afterwards; the first failure stops the others. */
async function allOrFirstError(workers: Promise<void>[], stop: () => void): Promise<void> {
  const results = await Promise.allSettled(
    workers.map((worker) =>
      worker.catch((error: unknown) => {
        stop();
        throw error;
      }),
    ),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

interface WantedEntry {
  zip: ZipFile;
  entry: Entry;
  path: string;
}

async function wantedEntries(zip: ZipFile, layout: Layout): Promise<WantedEntry[]> {
  const wanted: WantedEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    const path = entry.fileName.endsWith('/') ? null : layout(entry.fileName);
    if (path !== null) wanted.push({ zip, entry, path });
  }
  return wanted;
}

const FOLDERS = ['include/', 'share/cmake/'];
const LEFT_OUT = /^lib(torch_python|shm|aoti_custom_ops|jitbackend|backend_with_compiler|.*test)/;

/** Whether a path (below `torch/`) is one that we need. */
export function isWanted(path: string): boolean {
  if (path === '' || path.endsWith('/')) return false;
  if (path === 'version.py' || FOLDERS.some((folder) => path.startsWith(folder))) return true;
  const library = /^lib\/([^/]+\.so(\.[\d.]+)?)$/.exec(path)?.[1];
  return library !== undefined && !LEFT_OUT.test(library);
}

/** yauzl refuses names that climb or are absolute; this holds even if it did not. */
function inside(dir: string, path: string): string {
  const target = join(dir, path);
  if (!resolve(target).startsWith(resolve(dir) + sep))
    throw new Error(`the wheel holds a bad name: ${path}`);
  return target;
}

async function writeEntry(
  zip: ZipFile,
  entry: Entry,
  target: string,
  onBytes: (bytes: number) => void,
) {
  await mkdir(dirname(target), { recursive: true });
  const stream = await zip.openReadStreamPromise(entry);
  stream.on('data', (chunk: Buffer) => onBytes(chunk.byteLength));
  await pipeline(stream, createWriteStream(target));
}
