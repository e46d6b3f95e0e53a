// Image files of all kinds, one in twenty broken in one of the ways that image files are.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const sharp = require('sharp');
const { random } = require('./common');

const SIDES = [48, 32];
/** One in so many is broken. */
const BROKEN = 20;

function pattern(seed, channels = 3) {
  const [width, height] = SIDES;
  const next = random(seed);
  const data = Buffer.alloc(width * height * channels);
  for (let i = 0; i < data.length; i++)
    data[i] = 128 + 100 * Math.sin(seed + i / (20 + 20 * next()));
  return sharp(data, { raw: { width, height, channels } });
}

/** Frames below each other, as sharp takes an animation. */
function animated(seed) {
  const [width, height] = SIDES;
  const data = Buffer.alloc(width * height * 3 * 4, 3 * seed);
  return sharp(data, { raw: { width, height: 4 * height, channels: 3, pageHeight: height } });
}

/** What can be read, by the ending of its name. */
const SOUND = [
  ['jpg', (seed) => pattern(seed).jpeg().toBuffer()],
  ['grey.jpg', (seed) => pattern(seed).greyscale().jpeg().toBuffer()],
  ['progressive.jpg', (seed) => pattern(seed).jpeg({ progressive: true }).toBuffer()],
  [
    'turned.jpg',
    (seed) =>
      pattern(seed)
        .withMetadata({ orientation: 1 + (seed % 8) })
        .jpeg()
        .toBuffer(),
  ],
  ['cmyk.jpg', (seed) => pattern(seed).toColourspace('cmyk').jpeg().toBuffer()],
  ['png', (seed) => pattern(seed).png().toBuffer()],
  ['alpha.png', (seed) => pattern(seed, 4).png().toBuffer()],
  ['palette.png', (seed) => pattern(seed).png({ palette: true }).toBuffer()],
  ['deep.png', (seed) => pattern(seed).toColourspace('rgb16').png().toBuffer()],
  ['interlaced.png', (seed) => pattern(seed).png({ progressive: true }).toBuffer()],
  ['webp', (seed) => pattern(seed).webp().toBuffer()],
  ['animated.webp', (seed) => animated(seed).webp().toBuffer()],
  ['gif', (seed) => pattern(seed).gif().toBuffer()],
  ['animated.gif', (seed) => animated(seed).gif().toBuffer()],
  ['tiff', (seed) => pattern(seed).tiff().toBuffer()],
  ['deep.tiff', (seed) => pattern(seed).toColourspace('rgb16').tiff().toBuffer()],
  // Told by their content.
  ['png.jpg', (seed) => pattern(seed).png().toBuffer()],
  ['jpg.png', (seed) => pattern(seed).jpeg().toBuffer()],
];

/** What cannot: each makes a file of that name, or something else. */
const UNSOUND = [
  ['empty.jpg', () => Buffer.alloc(0)],
  ['text.jpg', () => Buffer.from('this is no picture\n'.repeat(20))],
  ['html.png', () => Buffer.from('<!doctype html><title>404</title>')],
  ['zeros.png', () => Buffer.alloc(5000)],
  ['cut.jpg', async (seed) => cut(await pattern(seed).jpeg().toBuffer())],
  ['cut.png', async (seed) => cut(await pattern(seed).png().toBuffer())],
  ['cut.webp', async (seed) => cut(await pattern(seed).webp().toBuffer())],
  ['cut.gif', async (seed) => cut(await pattern(seed).gif().toBuffer())],
  ['cut.tiff', async (seed) => cut(await pattern(seed).tiff({ compression: 'none' }).toBuffer())],
  ['begin.jpg', async (seed) => (await pattern(seed).jpeg().toBuffer()).subarray(0, 3)],
  ['huge.png', async (seed) => hugePng(await pattern(seed).png().toBuffer())],
  ['huge.jpg', async (seed) => hugeJpeg(await pattern(seed).jpeg().toBuffer())],
  ['folder.jpg', () => 'folder'],
  ['lost.jpg', () => 'lost link'],
  ['round.jpg', () => 'round link'],
  ['locked.jpg', () => 'locked'],
  ['gone.jpg', () => 'gone'],
];

const cut = (bytes) => bytes.subarray(0, Math.floor(bytes.length * 0.6));

/** A header of 40,000 x 40,000 (PNG, 11.2.1). */
function hugePng(bytes) {
  bytes.writeUInt32BE(40_000, 16);
  bytes.writeUInt32BE(40_000, 20);
  return bytes;
}

/** The same in the frame's header (ITU T.81, B.2.2). */
function hugeJpeg(bytes) {
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(40_000, at + 5);
  bytes.writeUInt16BE(40_000, at + 7);
  return bytes;
}

function place(file, content, sound) {
  if (content === 'folder') fs.mkdirSync(file);
  else if (content === 'lost link') fs.symlinkSync('nowhere', file);
  else if (content === 'round link') fs.symlinkSync(path.basename(file), file);
  else if (content !== 'gone') fs.writeFileSync(file, content === 'locked' ? sound : content);
  if (content === 'locked') fs.chmodSync(file, 0);
}

/**
 * Makes `count` of them, for a list: folders are among them, and files that are not there.
 * @returns their paths, and whether each can be read by this user.
 */
async function makeMixedSet(folder, count, seed = 1) {
  fs.mkdirSync(folder, { recursive: true });
  const next = random(seed);
  const set = [];
  for (let i = 0; i < count; i++) {
    const isBroken = i % BROKEN === BROKEN - 1;
    const kinds = isBroken ? UNSOUND : SOUND;
    const at = isBroken ? Math.floor(i / BROKEN) % kinds.length : Math.floor(next() * kinds.length);
    const [name, make] = kinds[at];
    const file = path.join(folder, `${String(i).padStart(6, '0')}.${name}`);
    const content = await make(i);
    place(file, content, content === 'locked' ? await SOUND[0][1](i) : null);
    // The system's administrator may read what is locked.
    set.push({ path: file, isSound: !isBroken || (content === 'locked' && canRead(file)) });
  }
  return set;
}

function canRead(file) {
  try {
    fs.accessSync(file, fs.constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

module.exports = { makeMixedSet };

if (require.main === module) {
  const [folder, count = '2000'] = process.argv.slice(2);
  if (!folder) throw new Error('usage: node test/reliability/mixed_set.js FOLDER [COUNT]');
  makeMixedSet(folder, Number(count)).then((set) => {
    console.log(set.map((each) => each.path).join('\n'));
  });
}
