// A Debian 11 in build-debian11/, by debootstrap, which checks its packages' signatures: the published binaries
// are built against its libraries, and tried in it. BIGTRANSFER_DEBIAN_MIRROR names a mirror.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.join(__dirname, '..', '..', 'build-debian11');
const MIRROR = process.env.BIGTRANSFER_DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';
/** Where libraries and their links lie. */
const LIBRARY_FOLDERS = ['usr/lib64', 'usr/lib/x86_64-linux-gnu'];

/** Its root; makes it at the first call, which takes a minute or two and root's rights. */
function debian11() {
  if (fs.existsSync(path.join(FOLDER, 'usr/include/features.h'))) return FOLDER;
  if (process.getuid() !== 0) throw new Error('Making a Debian 11 takes root: run it with sudo');
  // A half-made one does not become whole.
  fs.rmSync(FOLDER, { recursive: true, force: true });
  const made = `${FOLDER}.new`;
  fs.rmSync(made, { recursive: true, force: true });
  console.log(`Making a Debian 11 in ${FOLDER}`);
  const options = ['--variant=minbase', '--include=libc6-dev'];
  const { status, error } = spawnSync('debootstrap', [...options, 'bullseye', made, MIRROR], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) throw new Error('There is no debootstrap: install it (apt install debootstrap)');
  if (status !== 0) throw new Error(`debootstrap failed; ${made}/debootstrap has its log`);
  for (const folder of LIBRARY_FOLDERS) makeLinksRelative(made, folder);
  fs.writeFileSync(path.join(made, 'etc/hosts'), '127.0.0.1 localhost\n');
  fs.renameSync(made, FOLDER);
  return FOLDER;
}

/** Seen from outside, absolute ones would lead to this machine's own libraries. */
function makeLinksRelative(root, folder) {
  for (const name of fs.readdirSync(path.join(root, folder))) {
    const link = path.join(root, folder, name);
    if (!fs.lstatSync(link).isSymbolicLink()) continue;
    const target = fs.readlinkSync(link);
    if (!path.isAbsolute(target)) continue;
    // /lib is a link to usr/lib itself.
    const real = path.join(root, target.replace(/^\/lib/, '/usr/lib'));
    fs.unlinkSync(link);
    fs.symlinkSync(path.relative(path.dirname(link), real), link);
  }
}

/** GCC's licence with its exception for run-time libraries, and the GPL, as Debian has them. */
function copyGccLicences(folder) {
  const share = path.join(debian11(), 'usr', 'share');
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(share, 'doc/gcc-10-base/copyright'), path.join(folder, 'COPYRIGHT'));
  fs.copyFileSync(path.join(share, 'common-licenses/GPL-3'), path.join(folder, 'GPL-3'));
}

module.exports = { copyGccLicences, debian11 };

if (require.main === module) console.log(debian11());
