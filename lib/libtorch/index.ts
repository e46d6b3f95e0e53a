/**
 * libtorch as a found dependency: finding it, fetching it into the user's cache, removing it.
 * @module
 * @category Installation
 */

export type { FetchOptions, FetchProgress, Needs, RemoveOptions } from '../config/libtorch_options';
export { cacheDir, libtorchCacheDir } from './cache';
export { inspectDirectory, readVersion, type Inspection } from './directory';
export { fetchLibtorch } from './fetch';
export {
  findLibtorch,
  libtorchNotFound,
  type FoundLibtorch,
  type LibtorchSearch,
  type LibtorchSource,
  type TriedLibtorch,
} from './find';
export { removeLibtorch, sizeOnDisk, type RemovedLibtorch } from './remove';
export {
  PINNED,
  PINNED_CUDA,
  SUPPORTED,
  compareVersions,
  isSupported,
  majorMinor,
} from './versions';
