// From what a user calls a source to local files: paths, hub ids, the cache that Python shares.

export { hubCacheDir, hubEndpoint } from './environment';
export { resolveSource, type ResolvedSource, type Want } from './resolve';
export type { WeightFiles } from './weights';
