// Tiny wheels of libtorch for CUDA, and an index of packages that has them: stand-ins for the tests.
// A test that uses them mocks lib/libtorch/cuda_wheels.

import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { basename } from 'node:path';
import type { PinnedWheel } from '../../lib/libtorch/cuda_wheels';
import { fakeWheel, listen, send, sha256, zip } from './fake';

const torch = fakeWheel('2.14.1+cu130', {
  'torch/lib/libtorch_cuda.so': 'cuda',
  'torch-2.14.1.dist-info/licenses/LICENSE': 'of PyTorch',
  'torch-2.14.1.dist-info/RECORD': 'no',
});
const cublas = zip({
  'nvidia/__init__.py': 'no',
  'nvidia/cu13/include/cublas.h': '#pragma once\n',
  'nvidia/cu13/lib/libcublas.so.13': 'y'.repeat(200_000),
  'nvidia/cu13/lib/libcublas_static.a': 'no',
  'nvidia_cublas-13.1.1.3.dist-info/licenses/License.txt': 'of NVIDIA',
});
const cufft = zip({
  'nvidia/cu13/lib/libcufft.so.12': 'z'.repeat(150_000),
  'nvidia_cufft-12.0.0.61.dist-info/License.txt': 'of NVIDIA too',
});

/** By the names that they have on PyPI. */
export const DATA: Readonly<Record<string, Buffer>> = {
  'torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl': torch,
  'nvidia_cublas-13.1.1.3-py3-none-manylinux_2_27_x86_64.whl': cublas,
  'nvidia_cufft-12.0.0.61-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl': cufft,
};
export const FILES = Object.keys(DATA) as [string, string, string];
export const PROJECTS = ['torch', 'nvidia-cublas', 'nvidia-cufft'] as const;

export const BYTES = FILES.map((file) => dataOf(file).length) as [number, number, number];
export const ALL_BYTES = BYTES.reduce((sum, bytes) => sum + bytes);

export const CUDA_WHEELS: readonly PinnedWheel[] = PROJECTS.map((project, i) => {
  const file = FILES[i] as string;
  const data = dataOf(file);
  return { project, file, sha256: sha256(data), bytes: data.length };
});

export function dataOf(file: string): Buffer {
  return DATA[file] as Buffer;
}

export interface Index {
  /** For BIGTRANSFER_PYPI_URL. */
  url: string;
  origin: string;
  /** What was asked for, in order: the project, or `file` or `file bytes=…-`; forgotten by {@link asked}. */
  asked(): string[];
  close(): Promise<void>;
}

/** Takes over a request by returning true; `name` is that of the project or the file. */
export type Answer = (name: string, response: ServerResponse, request: IncomingMessage) => boolean;

/** Lists the wheels at /simple/<project>/, by relative URLs, and serves them with ranges. */
export async function serveIndex(answer: Answer = () => false): Promise<Index> {
  let asked: string[] = [];
  const server = createServer((request, response) => {
    const name = basename(decodeURIComponent(request.url ?? ''));
    const { range } = request.headers;
    asked.push(range === undefined ? name : `${name} ${range}`);
    if (answer(name, response, request)) return;
    const data = DATA[name];
    if (data) send(data, request, response);
    else response.end(JSON.stringify(projectPage(name)));
  });
  const { origin, close } = await listen(server);
  const take = () => {
    const before = asked;
    asked = [];
    return before;
  };
  return { url: `${origin}/simple`, origin, asked: take, close };
}

/** A project as an index shows it, with a file of another version before the one that is wanted. */
export function projectPage(project: string, folder = '../../files/'): object {
  const { file, sha256: hash } = CUDA_WHEELS.find(
    (each) => each.project === project,
  ) as PinnedWheel;
  return {
    meta: { 'api-version': '1.1' },
    name: project,
    files: [
      { filename: 'older.whl', url: `${folder}older.whl`, hashes: { sha256: '0'.repeat(64) } },
      { filename: 'unhashed.whl', url: `${folder}unhashed.whl`, hashes: {} },
      { filename: file, url: `${folder}${file}#sha256=${hash}`, hashes: { sha256: hash } },
    ],
  };
}
