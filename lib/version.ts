// The package's own version, from its package.json: by require, which bundlers put in its place.

// eslint-disable-next-line @typescript-eslint/no-require-imports -- outside the sources' folder
const manifest = require('../package.json') as { version: string };

/**
 * This package's version.
 * @category Installation
 */
export const version: string = manifest.version;
