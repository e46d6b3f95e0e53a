// Drawn scenes: one recognisable thing, varied, somewhere before a background and among clutter.
//
// A scene is a pure function of (class, seed). Seeds are split by purpose in SPLITS, so a picture
// seen in training is never one of those that measure accuracy.

const { Random } = require('./random');
const { CLASSES, DRAWINGS } = require('./drawings');
const { SIDE, backdrop, clutter, occluders, light } = require('./backdrops');
const s = require('./shapes');

/** First seed of each split; a split may hold up to a million seeds per class. */
const SPLITS = { train: 0, validation: 1_000_000, test: 2_000_000 };

/** Side of a drawing's own box in its units (see drawings.js). */
const DRAWING_SIDE = 100;

/** The thing fills this part of the scene's side, from and to. */
const THING_SIZE = [0.5, 0.98];
/** Small second things near the edge; well below THING_SIZE, so that the label stays in no doubt. */
const BYSTANDER_SIZE = [0.12, 0.22];
const BYSTANDER_CHANCE = 0.25;

/** Fur, rust, cloth: turbulence laid over the thing, within its outline. */
function grainFilter(random) {
  const strength = s.round(random.between(0.2, 1));
  const frequency = s.round(random.between(0.05, 0.9));
  return [
    `<feTurbulence type="fractalNoise" baseFrequency="${frequency}" numOctaves="3" seed="${random.integer(0, 9999)}"/>`,
    '<feColorMatrix values=".5 .5 0 0 0 .5 .5 0 0 0 .5 .5 0 0 0 0 0 0 0 1"/>',
    `<feComposite operator="arithmetic" in2="SourceGraphic" k2="${strength}" k3="1" k4="${s.round(-strength / 2)}" result="grain"/>`,
    '<feComposite operator="in" in="grain" in2="SourceAlpha"/>',
  ].join('');
}

/** Roundness: light from one side over a height map made from the outline. */
function reliefFilter(random) {
  const azimuth = s.round(random.between(0, 360));
  const depth = s.round(random.between(2, 7));
  return [
    `<feGaussianBlur in="SourceAlpha" stdDeviation="${s.round(random.between(1.5, 5))}"/>`,
    `<feDiffuseLighting surfaceScale="${depth}" diffuseConstant="1.3" lighting-color="#fff"><feDistantLight azimuth="${azimuth}" elevation="55"/></feDiffuseLighting>`,
    '<feComposite operator="arithmetic" in2="SourceGraphic" k1="1" result="lit"/>',
    '<feComposite operator="in" in="lit" in2="SourceAlpha"/>',
  ].join('');
}

/** The outline that a scene gives to its shapes: none, hairline or comic. */
function outline(random) {
  if (random.chance(0.5)) return '';
  const ink = random.chance(0.7) ? s.colour(0, 0, 10) : s.anyColour(random);
  return ` stroke="${s.css(ink)}" stroke-width="${s.round(random.between(0.4, 2))}" stroke-linejoin="round"`;
}

/** The drawing, turned, skewed, mirrored and resized about its middle at (x, y). */
function posed(random, drawing, x, y, part) {
  const size = (part * SIDE) / DRAWING_SIDE;
  const stretch = random.between(0.85, 1.15);
  const turn = s.round(random.chance(0.1) ? random.between(-60, 60) : 12 * random.normal());
  const skew = s.round(6 * random.normal());
  const flip = random.chance(0.5) ? -1 : 1;
  const scale = `${s.round(size * stretch * flip)} ${s.round(size / stretch)}`;
  const transform = `translate(${s.round(x)} ${s.round(y)}) rotate(${turn}) skewX(${skew}) scale(${scale})`;
  return `<g transform="${transform}"${outline(random)}>${drawing(random)}</g>`;
}

/** A shadow on the ground or a wall: the thing again, black, blurred and moved. */
function shadow(random) {
  if (random.chance(0.55)) return '';
  const [x, y] = [random.between(-6, 6), random.between(0, 6)].map(s.round);
  const blur = s.round(random.between(0.5, 3));
  const filter = `<filter id="shadow" x="-.3" y="-.3" width="1.6" height="1.6"><feColorMatrix in="SourceAlpha" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 .5 0"/><feGaussianBlur stdDeviation="${blur}"/></filter>`;
  return `${filter}<g transform="translate(${x} ${y})" filter="url(#shadow)"><use href="#thing"/></g>`;
}

/** Somewhere near an edge of the scene. */
function edgePoint(random) {
  const along = random.between(5, 95);
  const across = random.pick([6, 94]);
  return random.chance(0.5) ? [along, across] : [across, along];
}

/**
 * Draws the scene of one class and seed.
 *
 * @param {number} classIndex index into CLASSES
 * @param {number} seed a non-negative integer below 2^32; see SPLITS
 * @param {Record<string, import('./drawings').Drawing>} [drawings] others than those of CLASSES
 * @returns {string} a square SVG document of SIDE by SIDE user units
 */
function renderScene(classIndex, seed, drawings = DRAWINGS) {
  const classes = Object.keys(drawings);
  const drawing = drawings[classes[classIndex]];
  if (!drawing) {
    throw new RangeError(
      `expected a class index below ${classes.length} but received ${classIndex}`,
    );
  }
  const random = new Random(classIndex, seed);
  const behind = backdrop(random) + clutter(random);
  const bystander = random.chance(BYSTANDER_CHANCE)
    ? posed(
        random,
        drawings[random.pick(classes)],
        ...edgePoint(random),
        random.between(...BYSTANDER_SIZE),
      )
    : '';
  const part = random.between(...THING_SIZE);
  const play = (1 - part) * SIDE * 0.5 + 4; // as far as the thing may move, a little over the edge
  const [x, y] = [SIDE / 2 + random.between(-play, play), SIDE / 2 + random.between(-play, play)];
  const thing = posed(random, drawing, x, y, part);
  const surface = random.pick(['', '', grainFilter(random), reliefFilter(random)]);
  const filter =
    surface && `<filter id="surface" color-interpolation-filters="sRGB">${surface}</filter>`;
  const dressed = `<g${surface && ' filter="url(#surface)"'}>${thing}</g>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIDE} ${SIDE}" width="${SIDE}" height="${SIDE}">`,
    `${behind}${bystander}${filter}<defs><g id="thing">${thing}</g></defs>${shadow(random)}`,
    `${dressed}${occluders(random)}${light(random)}</svg>`,
  ].join('');
}

module.exports = { CLASSES, SPLITS, SIDE, renderScene };
