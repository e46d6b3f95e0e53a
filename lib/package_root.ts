// Where this package's own folder is: its addon, its model and its manifest. Bundlers move the code away from it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { BitError, type BitErrorCode } from './errors';
import { deniedReason } from './permission';
import { version } from './version';

const NAME = 'bigtransfer';
/** Names the folder where the code does not stand in it. */
const SETTING = 'BIGTRANSFER_PACKAGE';

/**
 * The folder with package.json, and prebuilds/ or build/: BIGTRANSFER_PACKAGE, or the one above this file.
 * @throws BitError of this code when it is not there: the code was bundled, or may not read.
 */
export function packageRoot(code: BitErrorCode): string {
  const set = process.env[SETTING];
  if (set) {
    const wrong = isAbsolute(set) ? problemOf(set) : 'is a relative path';
    if (wrong === null) return set;
    throw new BitError(
      code,
      `${SETTING} is set to ${set}, which ${wrong}. Set it to the folder of bigtransfer ${version}, ` +
        'such as node_modules/bigtransfer, by its full path',
    );
  }
  // Bundles of ES modules have no such variable.
  const own = typeof __dirname === 'string' ? join(__dirname, '..') : null;
  const wrong = own === null ? 'is an ES module made by a bundler' : problemOf(own);
  if (own !== null && wrong === null) return own;
  throw new BitError(
    code,
    `bigtransfer's code runs outside its package, as if bundled: ${own ?? 'it'} ${wrong}. Its native addon, ` +
      'libtorch and model are files of their own: mark bigtransfer as external (esbuild: ' +
      "--external:bigtransfer; webpack: externals: { bigtransfer: 'commonjs bigtransfer' }; Rollup and " +
      "Vite: external: ['bigtransfer']; Next.js: serverExternalPackages) and ship " +
      `node_modules/bigtransfer, or set ${SETTING} to that folder`,
  );
}

/** Why a folder is not that of this version of the package; null when it is. */
function problemOf(folder: string): string | null {
  const path = join(folder, 'package.json');
  try {
    if (!existsSync(path)) return 'has no package.json';
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
      name?: unknown;
      version?: unknown;
    };
    if (manifest.name !== NAME) return `holds the package ${String(manifest.name)}`;
    return manifest.version === version ? null : `holds version ${String(manifest.version)}`;
  } catch (error) {
    return `has a package.json that cannot be read: ${deniedReason(error) ?? String(error)}`;
  }
}

/** By names that are written out: bundlers, and tools that trace which files a program needs, follow no others. */
const WRITTEN_OUT: Record<string, () => string> = {
  '@bigtransfer/libtorch-linux-x64': () => require.resolve('@bigtransfer/libtorch-linux-x64'),
  '@bigtransfer/cuda-linux-x64': () => require.resolve('@bigtransfer/cuda-linux-x64'),
};

/** The folder of a package that goes with this one, as seen from it; null where it is not installed. */
export function packageBeside(name: string): string | null {
  // Wherever a bundler has put this code.
  const asSeenFromRoot = () =>
    createRequire(join(packageRoot('ERR_BIT_LIBTORCH'), 'package.json')).resolve(
      `${name}/package.json`,
    );
  for (const find of [asSeenFromRoot, WRITTEN_OUT[name]]) {
    try {
      // Bundlers may have put a number in place of the path.
      const file: unknown = find?.();
      if (typeof file === 'string' && isAbsolute(file)) return unpacked(dirname(file));
    } catch {
      // It is not there.
    }
  }
  return null;
}

/** Libraries and mapped files cannot be inside an Electron archive: they lie unpacked beside it. */
export function unpacked(path: string): string {
  return path.replace(`.asar${sep}`, `.asar.unpacked${sep}`);
}

/** What to do about a file that is in an archive and not beside it; nothing for other files. */
export function unpackingAdvice(path: string): string {
  if (!path.includes(`.asar${sep}`) && !path.includes(`.asar.unpacked${sep}`)) return '';
  return (
    '. The app is packed in an asar archive, from which neither libraries nor models load: list ' +
    "them in its packer's asarUnpack, such as '**/node_modules/{bigtransfer,@bigtransfer}/**'"
  );
}
