// Turns drawn scenes into pictures with a camera's faults, one by one or a data set at a time.
//
//   node models/recipe/render.js --split test --per-class 100 --out pictures/test

const fs = require('fs');
const path = require('path');
const { parseArgs } = require('util');
const sharp = require('sharp');

const { Random } = require('./random');
const { CLASSES, SIDE, SPLITS, renderScene } = require('./scenes');

/** Side of a picture in pixels, unless asked otherwise. */
const PICTURE_SIDE = 128;
/** SVG user units are CSS pixels: 96 of them to an inch. */
const CSS_DENSITY = 96;
/** Keeps the camera's random stream apart from the scene's. */
const CAMERA_STREAM = 0x63616d;
/** Pictures in the making at once; each is rendered on one of libuv's threads. */
const IN_FLIGHT = 4;
const JPEG = { quality: 90 };

/** Exposure, contrast, grey film and sensor noise, applied to RGB bytes in place. */
function expose(pixels, random) {
  const gain = random.between(0.6, 1.15);
  const lift = random.between(0, 0.2) * 255;
  const noise = random.between(0, 16);
  const grey = random.chance(0.08);
  for (let at = 0; at < pixels.length; at += 3) {
    const rgb = [pixels[at], pixels[at + 1], pixels[at + 2]];
    const mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
    for (let channel = 0; channel < 3; channel += 1) {
      const value = grey ? mean : rgb[channel];
      // The array is clamped, so that over-exposed pixels saturate as a sensor's do.
      pixels[at + channel] = value * gain + lift + noise * random.normal();
    }
  }
}

/**
 * Renders the picture of one class and seed.
 *
 * @param {number} classIndex index into CLASSES
 * @param {number} seed see SPLITS for the seeds that training never saw
 * @param {number} [side] width and height in pixels
 * @param {Record<string, import('./drawings').Drawing>} [drawings] others than those of CLASSES
 * @returns {Promise<Buffer>} an encoded PNG, 8-bit RGB
 */
async function renderPixels(classIndex, seed, side = PICTURE_SIDE, drawings = undefined) {
  const random = new Random(CAMERA_STREAM, classIndex, seed);
  const svg = Buffer.from(renderScene(classIndex, seed, drawings));
  const density = (CSS_DENSITY * side) / SIDE;
  let image = sharp(svg, { density }).resize(side, side).removeAlpha().toColourspace('srgb');
  const blur = random.between(0, 1.4) * (side / PICTURE_SIDE);
  if (blur > 0.3) image = image.blur(blur); // sharp's least sigma
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  expose(new Uint8ClampedArray(data.buffer, data.byteOffset, data.length), random);
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } }).png().toBuffer();
}

/**
 * Writes pictures into one folder per class, each named by its seed; those that are there are left as they are.
 *
 * @param {string} out
 * @param {{ classes: string[], firstSeed: number, perClass: number, side: number, format: string }} plan
 */
async function renderFolder(out, { classes, firstSeed, perClass, side, format }) {
  for (const name of classes) await fs.promises.mkdir(path.join(out, name), { recursive: true });
  let next = 0;
  const worker = async () => {
    while (next < classes.length * perClass) {
      const name = classes[next % classes.length];
      const seed = firstSeed + Math.floor(next / classes.length);
      next += 1;
      const file = path.join(out, name, `${seed}.${format}`);
      if (fs.existsSync(file)) continue;
      const png = await renderPixels(CLASSES.indexOf(name), seed, side);
      const bytes = format === 'jpeg' ? await sharp(png).jpeg(JPEG).toBuffer() : png;
      // Whole or not at all: whoever is interrupted goes on from there.
      await fs.promises.writeFile(`${file}.part`, bytes);
      await fs.promises.rename(`${file}.part`, file);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

const USAGE = `usage: render.js --out DIR [--split ${Object.keys(SPLITS).join('|')}] [--per-class N]
  [--skip N]           leave out the split's first N seeds
  [--class NAME]       this class only; may be given several times
  [--side PIXELS]      width and height of a picture
  [--format png|jpeg]`;

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      split: { type: 'string', default: 'test' },
      'per-class': { type: 'string', default: '100' },
      skip: { type: 'string', default: '0' },
      class: { type: 'string', multiple: true, default: CLASSES },
      side: { type: 'string', default: String(PICTURE_SIDE) },
      format: { type: 'string', default: 'png' },
    },
  });
  const plan = {
    classes: values.class,
    firstSeed: SPLITS[values.split] + Number(values.skip),
    perClass: Number(values['per-class']),
    side: Number(values.side),
    format: values.format,
  };
  const numbers = [plan.firstSeed, plan.perClass, plan.side];
  const known = plan.classes.every((name) => CLASSES.includes(name));
  if (
    !values.out ||
    !known ||
    !numbers.every(Number.isInteger) ||
    !/^(png|jpeg)$/.test(plan.format)
  ) {
    console.error(USAGE);
    process.exit(2);
  }
  await renderFolder(values.out, plan);
}

if (require.main === module) {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

module.exports = { CLASSES, PICTURE_SIDE, SPLITS, renderFolder, renderPixels };
