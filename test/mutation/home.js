// A home folder for broken code, which may remove what it finds there: its libtorch is a link to the user's.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const cacheIn = (home) => path.join(home, '.cache', 'bigtransfer', 'libtorch');

const users = cacheIn(os.homedir());
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'bigtransfer-home-'));
process.once('exit', () => fs.rmSync(home, { recursive: true, force: true }));

/** Makes this process live there, with all that a fault before may have removed. */
function moveHome() {
  fs.mkdirSync(cacheIn(home), { recursive: true });
  const versions = fs.existsSync(users) ? fs.readdirSync(users) : [];
  for (const name of versions.filter((each) => /^\d/.test(each))) {
    const link = path.join(cacheIn(home), name);
    if (!fs.existsSync(link)) fs.symlinkSync(path.join(users, name), link);
  }
  process.env.HOME = home;
}

module.exports = { moveHome };
