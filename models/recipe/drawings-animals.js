// Drawings of animals. Each fills about [-50, 50] in both directions, y downwards.

const s = require('./shapes');
const { d } = s;

const DARK = s.colour(20, 15, 10);

function butterfly(random) {
  const wing = s.natural(
    random,
    [
      [30, 85, 52],
      [210, 70, 50],
      [55, 80, 55],
      [10, 70, 40],
    ],
    0.4,
  );
  const edge = random.chance(0.6) ? s.shade(wing, -random.between(20, 35)) : s.anyColour(random);
  const reach = random.between(38, 49);
  const rise = random.between(28, 46);
  const fall = random.between(24, 44);
  const upper = (k) =>
    d`M2 ${-4 * k} C${reach * 0.3 * k} ${-rise * 1.1 * k} ${reach * k} ${-rise * 1.2 * k} ${reach * k} ${-rise * 0.5 * k} C${reach * k} ${-4 * k} ${20 * k} 4 2 4Z`;
  const lower = (k) =>
    d`M2 2 C${20 * k} 2 ${reach * 0.9 * k} ${6 * k} ${reach * 0.8 * k} ${fall * 0.6 * k} C${reach * 0.7 * k} ${fall * 1.15 * k} ${12 * k} ${fall * k} 2 ${10 * k}Z`;
  const inner = random.between(0.6, 0.82);
  const spots = random.chance(0.6)
    ? s.circle(reach * 0.66, -rise * 0.5, random.between(3, 6), s.anyColour(random)) +
      s.circle(reach * 0.5, fall * 0.5, random.between(2, 5), s.anyColour(random))
    : '';
  const side =
    s.path(lower(1), edge) +
    s.path(upper(1), edge) +
    s.path(lower(inner), s.shade(wing, 6)) +
    s.path(upper(inner), wing) +
    spots;
  const feeler = s.stroke(
    d`M1 -18 Q4 -34 ${random.between(8, 18)} ${random.between(-46, -38)}`,
    DARK,
    1.4,
  );
  const wings = s.place(side, 0, 0, { scaleX: random.between(0.75, 1), scaleY: 1 });
  return (
    s.mirrored(wings + feeler) +
    s.ellipse(0, 2, random.between(2.5, 4.5), random.between(20, 28), DARK)
  );
}

function cat(random) {
  const fur = s.natural(
    random,
    [
      [28, 60, 50],
      [30, 12, 45],
      [0, 0, 18],
      [35, 25, 80],
      [25, 35, 32],
    ],
    0.1,
  );
  const pale = s.shade(fur, random.between(8, 26));
  const mark = s.shade(fur, fur.lightness > 35 ? -18 : 14);
  const wide = random.between(34, 42);
  const tall = random.between(29, 36);
  const tip = random.between(-50, -42);
  const ear =
    s.polygon([8, -22, wide * 0.75, tip, wide * 0.95, -4], fur) +
    s.polygon([15, -23, wide * 0.72, tip + 8, wide * 0.85, -10], s.near(random, 350, 35, 65));
  const iris = s.natural(
    random,
    [
      [80, 60, 50],
      [45, 80, 50],
      [200, 60, 60],
    ],
    0.05,
  );
  const eyeX = random.between(13, 17);
  const eyeR = random.between(6, 9.5);
  const eye =
    s.ellipse(eyeX, 2, eyeR, eyeR * random.between(0.65, 1), iris, 12) +
    s.ellipse(eyeX, 2, eyeR * random.between(0.2, 0.6), eyeR * 0.8, DARK) +
    s.circle(eyeX + 2, 0, 1.5, s.colour(0, 0, 97));
  const stripes = random.chance(0.55)
    ? s.mirrored(
        s.stroke('M6 -27 Q5 -20 5 -13', mark, 3) +
          s.stroke(d`M${wide * 0.95} 10 L${wide * 0.65} 8`, mark, 3) +
          s.stroke(d`M${wide * 0.9} 18 L${wide * 0.62} 14`, mark, 3),
      ) + s.stroke('M0 -28 L0 -15', mark, 3)
    : '';
  const whiskers = random.chance(0.85)
    ? s.mirrored(repeatWhiskers(random, s.colour(0, 0, fur.lightness > 60 ? 25 : 92)))
    : '';
  const body = random.chance(0.4)
    ? s.ellipse(random.between(-8, 8), 42, wide * 0.9, 26, s.shade(fur, -5))
    : '';
  const nose = s.polygon(
    [-4.5, 12, 4.5, 12, 0, 18],
    s.natural(random, [
      [350, 45, 60],
      [20, 20, 15],
    ]),
  );
  const mouth = s.stroke('M0 18 L0 21 Q-5 27 -10 23 M0 21 Q5 27 10 23', s.shade(DARK, 5), 1.4);
  const muzzle = random.chance(0.7) ? s.mirrored(s.ellipse(6, 20, 10, 8, pale)) : '';
  return (
    body +
    s.mirrored(ear) +
    s.ellipse(0, 4, wide, tall, fur) +
    stripes +
    `<g stroke="none">${muzzle}</g>` +
    s.mirrored(eye) +
    nose +
    mouth +
    whiskers
  );
}

function repeatWhiskers(random, paint) {
  const start = random.between(15, 20);
  return s.repeat(3, (row) =>
    s.stroke(
      d`M12 ${start + row * 2.5} L${random.between(38, 48)} ${start - 6 + row * 7}`,
      paint,
      0.9,
    ),
  );
}

function fish(random) {
  const scale = s.natural(
    random,
    [
      [20, 85, 52],
      [210, 40, 55],
      [50, 85, 55],
      [190, 30, 45],
    ],
    0.4,
  );
  const fin = random.chance(0.5) ? s.shade(scale, -15) : s.anyColour(random);
  const tall = random.between(15, 30);
  const back = random.between(16, 24);
  const tail = s.path(
    d`M18 0 L${44} ${-random.between(16, 28)} Q${random.between(32, 42)} 0 ${46} ${random.between(16, 28)}Z`,
    fin,
  );
  const dorsal = s.path(
    d`M-18 ${-tall * 0.7} Q0 ${-tall - back} ${random.between(12, 22)} ${-tall * 0.4}Z`,
    fin,
  );
  const belly = s.path(d`M-8 ${tall * 0.7} Q6 ${tall + 14} 12 ${tall * 0.5}Z`, fin);
  const body = s.path(
    d`M-48 2 C-34 ${-tall * 1.35} 8 ${-tall * 1.3} 28 0 C8 ${tall * 1.3} -34 ${tall * 1.35} -48 2Z`,
    scale,
  );
  const band = s.anyColour(random);
  const bands = random.chance(0.45)
    ? s.repeat(random.integer(1, 3), (i) =>
        s.stroke(
          d`M${-16 + i * 12} ${-tall * 0.8} Q${-10 + i * 12} 0 ${-16 + i * 12} ${tall * 0.8}`,
          band,
          random.between(2, 5),
        ),
      )
    : '';
  const gill = s.stroke(
    d`M-24 ${-tall * 0.55} Q-18 0 -24 ${tall * 0.55}`,
    s.shade(scale, -18),
    1.6,
  );
  const pectoral = s.path(
    d`M-16 4 Q-2 ${random.between(2, 8)} -4 ${random.between(14, 20)} Q-14 14 -16 4Z`,
    s.shade(fin, 6),
  );
  const eye =
    s.circle(-33, -tall * 0.2, random.between(3, 5.5), s.colour(0, 0, 95)) +
    s.circle(-33.5, -tall * 0.2, 2, DARK);
  return tail + dorsal + belly + body + bands + gill + pectoral + eye;
}

module.exports = { butterfly, cat, fish };
