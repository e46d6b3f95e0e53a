// Colours and SVG shapes: the pencils that the drawings share. Coordinates are SVG's, y downwards.

/** @typedef {{ hue: number, saturation: number, lightness: number }} Colour degrees, percent, percent */

/** Two digits are finer than a picture shows, and keep the SVG the same on every platform. */
const round = (value) => Number(value.toFixed(2));

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @returns {Colour} */
const colour = (hue, saturation, lightness) => ({ hue, saturation, lightness });

/** CSS for a colour; strings such as `none` or `url(#id)` pass through. */
function css(paint) {
  if (typeof paint === 'string') return paint;
  const hue = round(((paint.hue % 360) + 360) % 360);
  const saturation = round(clamp(paint.saturation, 0, 100));
  return `hsl(${hue},${saturation}%,${round(clamp(paint.lightness, 0, 100))}%)`;
}

/** The same colour, lighter (positive) or darker (negative). */
const shade = (base, lightness) => ({ ...base, lightness: base.lightness + lightness });

/** A colour in the neighbourhood of the given one. */
const near = (random, hue, saturation, lightness, spread = 1) =>
  colour(
    hue + 12 * spread * random.normal(),
    saturation + 12 * spread * random.normal(),
    lightness + 9 * spread * random.normal(),
  );

/** Any colour at all, so that a network cannot tell classes by colour alone. */
const anyColour = (random) =>
  colour(random.between(0, 360), random.between(0, 95), random.between(18, 85));

/** One of the colours that the thing has in nature, or, at times, any colour. */
function natural(random, choices, oddChance = 0.15) {
  if (random.chance(oddChance)) return anyColour(random);
  return near(random, ...random.pick(choices));
}

/** A window pane: sky, shade or lamplight. */
const glass = (random) =>
  natural(
    random,
    [
      [205, 45, 75],
      [210, 30, 35],
      [48, 80, 70],
    ],
    0.1,
  );

/** Template tag for path data: rounds every number put into it. */
const d = (strings, ...values) =>
  strings.reduce((text, part, index) => text + round(values[index - 1]) + part);

const element = (name, numbers, rest) => {
  const attributes = Object.entries(numbers).map(([key, value]) => ` ${key}="${round(value)}"`);
  return `<${name}${attributes.join('')}${rest}/>`;
};

const fill = (paint) => ` fill="${css(paint)}"`;

const ellipse = (cx, cy, rx, ry, paint, turn = 0) =>
  element(
    'ellipse',
    { cx, cy, rx, ry },
    fill(paint) + (turn ? ` transform="rotate(${round(turn)} ${round(cx)} ${round(cy)})"` : ''),
  );

const circle = (cx, cy, r, paint) => ellipse(cx, cy, r, r, paint);

const box = (x, y, width, height, paint, rx = 0) =>
  element('rect', { x, y, width, height, rx }, fill(paint));

/** @param {number[]} points x and y of each corner in turn */
const polygon = (points, paint) =>
  `<polygon points="${points.map(round).join(' ')}"${fill(paint)}/>`;

const path = (data, paint) => `<path d="${data}"${fill(paint)}/>`;

/** A line without a fill; it keeps its own width whatever outline the scene gives to shapes. */
const stroke = (data, paint, width) =>
  `<path d="${data}" fill="none" stroke="${css(paint)}" stroke-width="${round(width)}" stroke-linecap="round"/>`;

/** The parts, turned about the origin and moved. */
const place = (parts, x, y, { turn = 0, scaleX = 1, scaleY = scaleX } = {}) =>
  `<g transform="translate(${round(x)} ${round(y)}) rotate(${round(turn)}) scale(${round(scaleX)} ${round(scaleY)})">${parts}</g>`;

/** The parts and their mirror image across the vertical axis. */
const mirrored = (parts) => parts + place(parts, 0, 0, { scaleX: -1, scaleY: 1 });

/** `count` parts, made one by one from their index and joined. */
const repeat = (count, make) => Array.from({ length: count }, (_, index) => make(index)).join('');

module.exports = {
  round,
  colour,
  css,
  shade,
  near,
  anyColour,
  natural,
  glass,
  d,
  ellipse,
  circle,
  box,
  polygon,
  path,
  stroke,
  place,
  mirrored,
  repeat,
};
