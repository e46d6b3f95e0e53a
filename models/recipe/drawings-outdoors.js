// Drawings of things that stand outdoors. Each fills about [-50, 50] in both directions, y downwards.

const s = require('./shapes');
const { d } = s;

const DARK = s.colour(220, 10, 12);
const WHITE = s.colour(0, 0, 96);

function house(random) {
  const wall = s.natural(
    random,
    [
      [40, 35, 80],
      [10, 50, 50],
      [0, 0, 90],
      [200, 25, 65],
    ],
    0.4,
  );
  const tiles = s.natural(
    random,
    [
      [10, 55, 38],
      [220, 15, 30],
      [25, 40, 30],
    ],
    0.3,
  );
  const wide = random.between(28, 42);
  const eaves = random.between(-16, 0);
  const over = random.between(2, 8);
  const flat = random.chance(0.4) ? wide * random.between(0.25, 0.6) : 0; // the ridge of a hipped roof
  const roof = s.polygon([-wide - over, eaves, -flat, -42, flat, -42, wide + over, eaves], tiles);
  const stack = random.chance(0.6) ? s.box(wide * 0.4, -46, 8, 26, s.near(random, 10, 45, 40)) : '';
  const pane = s.glass(random);
  const frame = s.shade(wall, wall.lightness > 60 ? -35 : 30);
  const light = (x, y) =>
    s.box(x - 6, y - 6, 12, 12, frame) +
    s.box(x - 5, y - 5, 10, 10, pane) +
    s.stroke(d`M${x} ${y - 5} l0 10 M${x - 5} ${y} l10 0`, frame, 1);
  const doorX = random.pick([-wide * 0.5, 0, wide * 0.5]);
  const door =
    s.box(doorX - 6, 22, 12, 24, s.anyColour(random), random.pick([0, 0, 5])) +
    s.circle(doorX + 3.5, 35, 1.1, WHITE);
  const low = [-wide * 0.6, 0, wide * 0.6]
    .filter((x) => Math.abs(x - doorX) > 13)
    .map((x) => light(x, 29));
  const high = eaves < -6 ? s.repeat(2, (i) => light(wide * (i - 0.5), 8)) : '';
  const attic = random.chance(0.4) ? s.circle(0, (eaves - 42) / 2 + 4, 5, pane) : '';
  return (
    stack +
    s.box(-wide, eaves, 2 * wide, 46 - eaves, wall) +
    roof +
    attic +
    high +
    low.join('') +
    door
  );
}

function snowman(random) {
  const snow = s.natural(
    random,
    [
      [210, 15, 93],
      [200, 25, 85],
      [0, 0, 97],
    ],
    0.12,
  );
  const balls = random.integer(2, 3);
  const low = random.between(18, 23);
  const middle = balls === 3 ? low * random.between(0.65, 0.8) : 0;
  const head = random.between(10, 13) * (balls === 3 ? 0.85 : 1.1);
  const waist = 49 - 2 * low - middle * 0.8;
  const headY = (balls === 3 ? waist - middle * 0.8 : 49 - 2 * low) - head * 0.75;
  const ball = (y, r, tone) => s.circle(0, y, r, s.shade(snow, tone));
  const chest = balls === 3 ? waist : 49 - 1.3 * low;
  const arm = s.stroke(
    d`M${low * 0.5} ${chest} L${random.between(34, 46)} ${chest - random.between(-4, 18)}`,
    s.near(random, 25, 40, 22),
    2,
  );
  const eyes = s.mirrored(s.circle(head * 0.36, headY - head * 0.2, 1.6, DARK));
  const carrot = s.polygon(
    [0, headY - 1, random.between(10, 17), headY + 2, 0, headY + 3.5],
    s.near(random, 25, 90, 52),
  );
  const buttons = s.repeat(random.integer(1, 4), (i) => s.circle(0, chest - 5 + 7 * i, 1.7, DARK));
  const scarf = random.chance(0.6)
    ? s.box(-head * 0.85, headY + head * 0.65, head * 1.7, 5, s.anyColour(random), 2) +
      s.box(head * 0.3, headY + head * 0.7, 5, 15, s.anyColour(random), 1)
    : '';
  const hatPaint = random.chance(0.5) ? DARK : s.anyColour(random);
  const tall = random.between(10, 18);
  const hat = random.chance(0.75)
    ? s.box(-head * 0.65, headY - head * 0.7 - tall, head * 1.3, tall, hatPaint) +
      s.box(-head, headY - head * 0.75, 2 * head, 3.4, hatPaint, 1)
    : '';
  return (
    (random.chance(0.8) ? s.mirrored(arm) : '') +
    ball(49 - low, low, -4) +
    (middle ? ball(waist, middle, -2) : '') +
    ball(headY, head, 0) +
    buttons +
    scarf +
    eyes +
    carrot +
    hat
  );
}

module.exports = { house, snowman };
