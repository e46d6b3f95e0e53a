// What is said of machines that this one is not.
const libc = { family: null as string | null, version: null as string | null };
jest.mock('detect-libc', () => ({
  GLIBC: 'glibc',
  MUSL: 'musl',
  familySync: () => libc.family,
  versionSync: () => libc.version,
}));
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PREBUILT, libcFamily, platformName, whyNotPrebuilt } from '../lib/platform';

const { platform, arch } = process;

function machine(
  on: string,
  of: string,
  family: string | null = null,
  version: string | null = null,
): void {
  Object.defineProperty(process, 'platform', { value: on });
  Object.defineProperty(process, 'arch', { value: of });
  Object.assign(libc, { family, version });
}

afterEach(() => machine(platform, arch));

const OTHER = (name: string) =>
  'Binaries are published for linux-x64 with glibc 2.31 or newer, and not yet for ' +
  `${name}. README.md says how far other platforms are`;
const MUSL =
  'This is a Linux with musl, such as Alpine, for which there is no libtorch. Use an image with glibc, such as ' +
  'node:22-slim instead of node:22-alpine';
const OLD = (version: string) =>
  `This system has glibc ${version}, and the published binaries need 2.31 or newer: Debian 11, Ubuntu 20.04, RHEL 9, ` +
  'Amazon Linux 2023 or anything newer. On this one bigtransfer has to be built from its source, which README.md ' +
  'describes';

type Machine = Parameters<typeof machine>;

test.each<[string, Machine, string, string | null, string | null]>([
  ['Windows', ['win32', 'x64'], 'win32-x64', null, OTHER('win32-x64')],
  ['Windows on ARM', ['win32', 'arm64'], 'win32-arm64', null, OTHER('win32-arm64')],
  ['macOS', ['darwin', 'arm64'], 'darwin-arm64', null, OTHER('darwin-arm64')],
  ['an Intel Mac', ['darwin', 'x64'], 'darwin-x64', null, OTHER('darwin-x64')],
  [
    'Linux on ARM',
    ['linux', 'arm64', 'glibc', '2.36'],
    'linux-arm64',
    'glibc',
    OTHER('linux-arm64'),
  ],
  [
    'Alpine on ARM',
    ['linux', 'arm64', 'musl', '1.2.5'],
    'linux-arm64 with musl',
    'musl',
    OTHER('linux-arm64'),
  ],
  ['Alpine', ['linux', 'x64', 'musl', '1.2.5'], 'linux-x64 with musl', 'musl', MUSL],
  ['RHEL 8', ['linux', 'x64', 'glibc', '2.28'], 'linux-x64', 'glibc', OLD('2.28')],
  ['an old one', ['linux', 'x64', 'glibc', '2.4'], 'linux-x64', 'glibc', OLD('2.4')],
  ['Debian 11', ['linux', 'x64', 'glibc', '2.31'], 'linux-x64', 'glibc', null],
  ['Debian 12', ['linux', 'x64', 'glibc', '2.36'], 'linux-x64', 'glibc', null],
  ['one to come', ['linux', 'x64', 'glibc', '3.0'], 'linux-x64', 'glibc', null],
  ['glibc of no known version', ['linux', 'x64', 'glibc', null], 'linux-x64', 'glibc', null],
  ['no known libc', ['linux', 'x64', null, null], 'linux-x64', null, null],
  ['another libc, and its version', ['linux', 'x64', 'bionic', '1.0'], 'linux-x64', null, null],
])('%s', (_, given, name, family, why) => {
  machine(...given);
  expect(platformName()).toBe(name);
  expect(libcFamily()).toBe(family);
  expect(whyNotPrebuilt()).toBe(why);
});

test.each(['libtorch', 'cuda'])('%s is published for the same machines', (what) => {
  const name = `${what}-${PREBUILT.platform}-${PREBUILT.arch}`;
  const path = join(__dirname, '..', 'packages', name, 'package.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    name: `@bigtransfer/${name}`,
    os: [PREBUILT.platform],
    cpu: [PREBUILT.arch],
    libc: ['glibc'],
  });
});
