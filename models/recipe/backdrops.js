// What stands behind, beside and in front of the thing: backgrounds, clutter, occluders and light.
// Every function draws on a square of SIDE units with its origin at the top left.

const s = require('./shapes');
const { d } = s;

/** Side of the square scene, in SVG user units. */
const SIDE = 100;

const whole = (paint) => s.box(0, 0, SIDE, SIDE, paint);
const stop = (offset, paint, opacity = 1) =>
  `<stop offset="${offset}" stop-color="${s.css(paint)}" stop-opacity="${s.round(opacity)}"/>`;

function flat(random) {
  return whole(s.anyColour(random));
}

function linear(random) {
  const turn = s.round(random.between(0, 360));
  const stops = stop(0, s.anyColour(random)) + stop(1, s.anyColour(random));
  return `<linearGradient id="back" gradientTransform="rotate(${turn} .5 .5)">${stops}</linearGradient>${whole('url(#back)')}`;
}

function radial(random) {
  const [x, y] = [random.between(0.2, 0.8), random.between(0.2, 0.8)].map(s.round);
  const stops = stop(0, s.anyColour(random)) + stop(1, s.anyColour(random));
  return `<radialGradient id="back" cx="${x}" cy="${y}" r=".8">${stops}</radialGradient>${whole('url(#back)')}`;
}

/** Frequencies are too small for the two digits that lengths have. */
const thousandths = (value) => s.round(value * 10) / 10;

/** Coloured turbulence: cloth, wood, sand, leaves out of focus, by its two frequencies. */
function turbulence(random) {
  const scale = random.between(0.01, 0.12);
  const frequency = `${thousandths(scale)} ${thousandths(scale * random.pick([1, 1, 4]))}`;
  const strength = random.between(0.3, 1.6);
  const grey = random.chance(0.5)
    ? `<feColorMatrix type="saturate" values="${s.round(random.between(0, 0.5))}"/>`
    : '';
  const noise = `<feTurbulence type="${random.pick(['fractalNoise', 'turbulence'])}" baseFrequency="${frequency}" numOctaves="${random.integer(1, 4)}" seed="${random.integer(0, 9999)}"/>`;
  // k2 scales the noise, k3 keeps the plain colour below it, k4 brings the sum back to mid-range.
  const blend = `<feComposite operator="arithmetic" in2="SourceGraphic" k2="${s.round(strength)}" k3="1" k4="${s.round(-strength * 0.45)}"/>`;
  const opaque = '<feColorMatrix values="1 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 0 1"/>';
  const filter = `<filter id="cloth" x="0" y="0" width="1" height="1">${noise}${grey}${opaque}${blend}</filter>`;
  return `${filter}<g filter="url(#cloth)">${whole(s.anyColour(random))}</g>`;
}

/** Stripes, checks or dots in two colours. */
function pattern(random) {
  const pitch = s.round(random.between(5, 22));
  const [ground, figure] = [s.anyColour(random), s.anyColour(random)];
  const half = pitch / 2;
  const motif = random.pick([
    () => s.box(0, 0, pitch, half, figure),
    () => s.box(0, 0, half, half, figure) + s.box(half, half, half, half, figure),
    () => s.circle(half, half, pitch * random.between(0.15, 0.4), figure),
  ])();
  const turn = s.round(random.between(0, 180));
  const tile = `<pattern id="tile" width="${pitch}" height="${pitch}" patternUnits="userSpaceOnUse" patternTransform="rotate(${turn})">${motif}</pattern>`;
  return tile + whole(ground) + whole('url(#tile)');
}

/** Sky over ground, or wall over table, with hills or clouds at times. */
function horizon(random) {
  const outdoors = random.chance(0.5);
  const line = random.between(35, 85);
  const upper = outdoors
    ? s.natural(random, [
        [205, 60, 72],
        [215, 35, 55],
        [25, 60, 70],
      ])
    : s.anyColour(random);
  const lower = outdoors
    ? s.natural(random, [
        [100, 40, 40],
        [42, 45, 60],
        [205, 50, 40],
        [0, 0, 90],
      ])
    : s.natural(
        random,
        [
          [28, 45, 40],
          [0, 0, 75],
        ],
        0.5,
      );
  const hill = () =>
    s.ellipse(
      random.between(0, SIDE),
      line + 6,
      random.between(20, 50),
      random.between(8, 24),
      s.shade(lower, random.between(-15, 15)),
    );
  const cloud = () =>
    s.ellipse(
      random.between(0, SIDE),
      random.between(2, 35),
      random.between(6, 20),
      random.between(2, 7),
      s.shade(upper, random.between(5, 20)),
    );
  const scenery = outdoors
    ? s.repeat(random.integer(0, 3), hill) + s.repeat(random.integer(0, 4), cloud)
    : '';
  return whole(upper) + scenery + s.box(0, line, SIDE, SIDE - line, lower);
}

const BACKDROPS = [
  flat,
  linear,
  radial,
  turbulence,
  turbulence,
  turbulence,
  pattern,
  horizon,
  horizon,
];

/** A background of any kind. */
const backdrop = (random) => random.pick(BACKDROPS)(random);

/** One meaningless shape around a point: a disc, a bar, a polygon or a scribble. */
function scrap(random, x, y, size) {
  const paint = s.anyColour(random);
  const at = () => random.between(-size, size);
  const shape = random.pick([
    () => s.ellipse(0, 0, size, size * random.between(0.3, 1), paint),
    () => s.box(-size, -size / 4, 2 * size, size / 2, paint, random.between(0, 3)),
    () => s.polygon([at(), -size, size, at(), at(), size, -size, at()], paint),
    () =>
      s.stroke(
        d`M${at()} ${at()} Q${at()} ${at()} ${at()} ${at()} T${at()} ${at()}`,
        paint,
        random.between(0.8, 3),
      ),
  ])();
  return s.place(shape, x, y, { turn: random.between(0, 360) });
}

/** Shapes strewn behind the thing. */
function clutter(random) {
  const one = () =>
    scrap(random, random.between(0, SIDE), random.between(0, SIDE), random.between(2, 16));
  const opacity = s.round(random.between(0.3, 1));
  return `<g opacity="${opacity}">${s.repeat(random.pick([0, 0, 2, 4, 8, 14]), one)}</g>`;
}

/** A few shapes before the thing; small enough that most of it stays in sight. */
function occluders(random) {
  const one = () =>
    scrap(random, random.between(10, 90), random.between(10, 90), random.between(3, 11));
  return s.repeat(random.pick([0, 0, 0, 1, 2, 3]), one);
}

/** Uneven light: a shadow, or a gleam, that falls in from one side. */
function light(random) {
  if (random.chance(0.5)) return '';
  const tone = s.colour(random.between(0, 360), random.between(0, 40), random.pick([5, 5, 95]));
  const stops = stop(0, tone, random.between(0.15, 0.6)) + stop(1, tone, 0);
  return `<linearGradient id="light" gradientTransform="rotate(${s.round(random.between(0, 360))} .5 .5)">${stops}</linearGradient>${whole('url(#light)')}`;
}

module.exports = { SIDE, backdrop, clutter, occluders, light };
