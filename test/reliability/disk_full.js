// `npm run batch:disk-full`: a batch job on a disk that fills up, and then has space again. Linux alone: the
// disk is a small tmpfs in a mount namespace of this process's own (`unshare`).
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { report } = require('./common');
const { makeMixedSet } = require('./mixed_set');

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const INPUTS = 300;
/** Rows are some 500 bytes each; the job needs about 200 KB. */
const DISK_BYTES = 300 * 1024;
const BALLAST_BYTES = 200 * 1024;

function batch(list, out) {
  const args = [MAIN, 'batch', '--files-from', list, '--out', out, '--part-size', '20'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const last = stderr.trimEnd().split('\n').slice(-2);
  return { status, message: last.join(' ') };
}

const rowsOf = (out) =>
  fs
    .readdirSync(out)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => fs.readFileSync(path.join(out, name), 'utf8').trimEnd().split('\n'));

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bit disk '));
  const set = await makeMixedSet(path.join(folder, 'set'), INPUTS);
  const list = path.join(folder, 'list.txt');
  fs.writeFileSync(list, set.map((each) => each.path).join('\n'));
  batch(list, path.join(folder, 'undisturbed'));
  const expected = rowsOf(path.join(folder, 'undisturbed'));

  const disk = path.join(folder, 'disk');
  fs.mkdirSync(disk);
  const options = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk];
  const mounted = spawnSync('mount', options, { encoding: 'utf8' });
  if (mounted.status !== 0) throw new Error(`no disk could be made: ${mounted.stderr}`);
  const ballast = path.join(disk, 'ballast');
  fs.writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
  const out = path.join(disk, 'out');
  const full = batch(list, out);
  const kept = rowsOf(out).length;
  fs.rmSync(ballast);
  const again = batch(list, out);
  const rows = rowsOf(out);
  spawnSync('umount', [disk]);
  fs.rmSync(folder, { recursive: true });
  report(
    { full, kept, again, rows: rows.length },
    {
      'the full disk is named': full.status === 1 && /no space is left/.test(full.message),
      'what was done by then is kept': kept > 0 && kept < INPUTS,
      'with space it comes to its end': again.status === 0,
      'the rows are those of an undisturbed run': JSON.stringify(rows) === JSON.stringify(expected),
    },
  );
}

/** Once more as the administrator of a namespace of its own. */
function unshared() {
  const flags = process.getuid() === 0 ? ['-m'] : ['-rm'];
  const args = [...flags, process.execPath, __filename, '--unshared'];
  const { status, error } = spawnSync('unshare', args, { stdio: 'inherit' });
  if (error) throw error;
  process.exitCode = status;
}

if (process.argv.includes('--unshared')) main();
else unshared();
