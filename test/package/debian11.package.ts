// The oldest system that is promised: a Debian 11 with a plain Node in it, by chroot, which takes root.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { realpathSync } from 'node:fs';
import { ROOT } from '../support/child';
import { LABEL, REGISTRY, asCommonJs, node, readmeLines } from './room';

const { debian11 } = jest.requireActual<{ debian11: () => string }>(
  '../../scripts/release/debian11',
);
const NPM = realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim());

/** Runs in the other system, with nothing of this one's environment. */
function within(root: string, ...command: string[]): string {
  const env = [
    'PATH=/opt/node/bin:/usr/bin:/bin',
    'HOME=/opt/home',
    `npm_config_registry=${REGISTRY}`,
  ];
  const shell = `cd /opt/room && exec "$@"`;
  // /proc of its own, which goes with the command.
  const mounted = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  const inside = ['/usr/bin/env', '-i', ...env, '/bin/sh', '-c', shell, 'sh', ...command];
  const args = ['--mount', 'sh', '-c', mounted, root, ...inside];
  return execFileSync('unshare', args, { encoding: 'utf8', timeout: 240_000, maxBuffer: 1 << 26 });
}

test.each([20, 22, 24])('Node %d', (major) => {
  const root = debian11();
  const opt = join(root, 'opt');
  rmSync(opt, { recursive: true, force: true });
  for (const folder of ['node/bin', 'home', 'room'])
    mkdirSync(join(opt, folder), { recursive: true });
  copyFileSync(node(major), join(opt, 'node', 'bin', 'node'));
  cpSync(dirname(dirname(NPM)), join(opt, 'node', 'npm'), { recursive: true });
  writeFileSync(join(opt, 'room', 'lines.cjs'), asCommonJs(readmeLines()));
  copyFileSync(join(ROOT, 'examples', 'pictures', 'boat.jpg'), join(opt, 'room', 'boat.jpg'));
  expect(within(root, 'ldd', '--version')).toContain('2.31');
  expect(existsSync(join(root, 'usr/bin/gcc'))).toBe(false);
  within(
    root,
    'node',
    '/opt/node/npm/bin/npm-cli.js',
    'install',
    '--ignore-scripts',
    'bigtransfer',
  );
  expect(within(root, 'node', 'lines.cjs')).toMatch(LABEL);
  expect(within(root, 'node_modules/.bin/bigtransfer', 'classify', 'boat.jpg')).toContain('boat');
});
