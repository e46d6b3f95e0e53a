// What this machine is, and for which machines there are binaries.
import { GLIBC, MUSL, familySync, versionSync } from 'detect-libc';
import { compareVersions } from './libtorch/versions';

/** The platform for which binaries are published, and the C library that they ask for. */
export const PREBUILT = { platform: 'linux', arch: 'x64', glibc: '2.31' } as const;

/** Systems on which the prebuilt binaries run, for people to find theirs. */
const ENOUGH = 'Debian 11, Ubuntu 20.04, RHEL 9, Amazon Linux 2023 or anything newer';

/** The C library of a Linux: glibc, musl, or null where neither can be told. */
export function libcFamily(): typeof GLIBC | typeof MUSL | null {
  const family = familySync();
  return family === GLIBC || family === MUSL ? family : null;
}

/** As people know it: linux-x64, win32-arm64, linux-x64 with musl. */
export function platformName(): string {
  const name = `${process.platform}-${process.arch}`;
  return libcFamily() === MUSL ? `${name} with musl` : name;
}

/** Why the published binaries cannot run here, and what helps; null where they should. */
export function whyNotPrebuilt(): string | null {
  const { platform, arch } = process;
  if (platform !== PREBUILT.platform || arch !== PREBUILT.arch) {
    return (
      `Binaries are published for ${PREBUILT.platform}-${PREBUILT.arch} with glibc ${PREBUILT.glibc} or newer, and not ` +
      `yet for ${platform}-${arch}. README.md says how far other platforms are`
    );
  }
  const libc = libcFamily();
  if (libc === MUSL) {
    return (
      'This is a Linux with musl, such as Alpine, for which there is no libtorch. Use an image with glibc, ' +
      'such as node:22-slim instead of node:22-alpine'
    );
  }
  const glibc = libc === GLIBC ? versionSync() : null;
  if (glibc !== null && compareVersions(glibc, PREBUILT.glibc) < 0) {
    return (
      `This system has glibc ${glibc}, and the published binaries need ${PREBUILT.glibc} or newer: ${ENOUGH}. ` +
      'On this one bigtransfer has to be built from its source, which README.md describes'
    );
  }
  return null;
}
