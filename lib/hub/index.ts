// From what a user calls a source to local files: paths, hub ids, the cache that Python shares.

export { hubCacheDir, hubEndpoint } from './environment';
export type { DownloadProgress, PretrainedOptions } from './options';
export { PACKAGED_MODEL, resolveSource, type ResolvedSource, type Want } from './resolve';
export type { WeightFiles } from './weights';
