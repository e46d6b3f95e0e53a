// Takes out of PyTorch's wheel what a C++ program needs of it: libraries, headers, CMake files.

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

/**
 * Unpacks `torch/{lib,include,share/cmake,version.py}` of a wheel into `dir`, without the `torch/`.
 * Left out: Python's own library, and the libraries of PyTorch's tests.
 */
export async function extractWheel(
  wheel: string,
  dir: string,
  options: ExtractOptions = {},
): Promise<void> {
  const { signal, onProgress } = options;
  const zip = await openPromise(wheel, { autoClose: false });
  try {
    const entries = await wantedEntries(zip);
    const total = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    let loaded = 0;
    const queue = entries.values(); // one iterator: each worker takes the next
    const worker = async () => {
      for (const { entry, path } of queue) {
        signal?.throwIfAborted();
        const onBytes = (bytes: number) => onProgress?.((loaded += bytes), total);
        await writeEntry(zip, entry, inside(dir, path), onBytes);
      }
    };
    await allOrFirstError(Array.from({ length: AT_ONCE }, worker), () => (entries.length = 0));
  } finally {
    zip.close();
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

async function wantedEntries(zip: ZipFile): Promise<{ entry: Entry; path: string }[]> {
  const wanted: { entry: Entry; path: string }[] = [];
  for await (const entry of zip.eachEntry()) {
    const path = entry.fileName.startsWith('torch/') ? entry.fileName.slice('torch/'.length) : '';
    if (isWanted(path)) wanted.push({ entry, path });
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
