// The ESM door: the same objects as the CommonJS one, so that classes are classes in both.
export * from './index.js';
