// Drawings of things that grow. Each fills about [-50, 50] in both directions, y downwards.

const s = require('./shapes');
const { d } = s;

const GREENS = [
  [110, 50, 35],
  [85, 45, 42],
  [140, 35, 30],
];

function leaf(x, y, length, turn, paint) {
  const blade = s.path(
    d`M0 0 Q${length / 2} ${-length / 2.4} ${length} 0 Q${length / 2} ${length / 2.4} 0 0Z`,
    paint,
  );
  return s.place(blade + s.stroke(d`M0 0 L${length * 0.8} 0`, s.shade(paint, -12), 0.8), x, y, {
    turn,
  });
}

function apple(random) {
  const skin = s.natural(random, [
    [0, 75, 42],
    [85, 60, 48],
    [48, 75, 55],
    [350, 65, 35],
  ]);
  const wide = random.between(38, 47);
  const dip = random.between(-30, -22);
  const half = d`M0 ${dip} C${wide * 0.45} -46 ${wide * 1.2} -30 ${wide} 4 C${wide * 0.9} 34 ${wide * 0.45} 48 0 40Z`;
  const outline = `${half} ${d`M0 ${dip} C${-wide * 0.45} -46 ${-wide * 1.2} -30 ${-wide} 4 C${-wide * 0.9} 34 ${-wide * 0.45} 48 0 40Z`}`;
  const blush = random.chance(0.4)
    ? s.ellipse(wide * 0.4, random.between(-10, 12), 14, 22, s.shade(skin, random.between(6, 16)))
    : '';
  const shine = random.chance(0.6)
    ? s.ellipse(-wide * 0.5, -10, 5, 10, s.colour(0, 0, 95), 20)
    : '';
  const green = s.natural(random, GREENS);
  return [
    `<path d="${outline}" fill="${s.css(skin)}" stroke="none"/>`,
    `<g stroke="none">${blush}${shine}</g>`,
    s.stroke(
      d`M0 ${dip + 3} Q2 -38 ${random.between(-8, 12)} -48`,
      s.near(random, 30, 40, 22),
      random.between(2.5, 5),
    ),
    random.chance(0.75) ? leaf(2, -36, random.between(18, 30), random.between(-40, 5), green) : '',
  ].join('');
}

function flower(random) {
  const petal = s.natural(
    random,
    [
      [330, 75, 60],
      [50, 90, 58],
      [0, 0, 94],
      [280, 50, 58],
      [5, 80, 50],
    ],
    0.35,
  );
  const count = random.integer(5, 13);
  const stem = random.chance(0.65);
  const reach = stem ? random.between(22, 31) : random.between(34, 49);
  const width = Math.min(reach * 0.45, (2.4 * reach) / count);
  const long = random.chance(0.6)
    ? s.ellipse(reach * 0.6, 0, reach * 0.42, width * random.between(0.7, 1), petal)
    : s.path(
        d`M0 0 Q${reach * 0.6} ${-width * 1.5} ${reach} 0 Q${reach * 0.6} ${width * 1.5} 0 0Z`,
        petal,
      );
  const ring = (turn) =>
    s.repeat(count, (i) => s.place(long, 0, 0, { turn: turn + (360 * i) / count }));
  const heart = s.natural(random, [
    [45, 90, 50],
    [30, 50, 25],
  ]);
  const heartR = reach * random.between(0.22, 0.4);
  const seeds = s.repeat(random.integer(0, 9), () =>
    s.circle(
      heartR * random.between(-0.6, 0.6),
      heartR * random.between(-0.6, 0.6),
      1.2,
      s.shade(heart, -20),
    ),
  );
  const head =
    ring(random.between(0, 90)) +
    (random.chance(0.3) ? s.place(ring(20), 0, 0, { scaleX: 0.7 }) : '') +
    s.circle(0, 0, heartR, heart) +
    seeds;
  if (!stem) return head;
  const green = s.natural(random, GREENS, 0.05);
  const bend = random.between(-14, 14);
  const top = -48 + reach;
  const leaves = s.repeat(random.integer(0, 2), (i) =>
    leaf(
      bend * 0.5,
      18 + 8 * i,
      random.between(16, 28),
      i ? random.between(-160, -130) : random.between(-50, -15),
      green,
    ),
  );
  return (
    s.stroke(d`M0 ${top} Q${bend} 15 0 50`, green, random.between(2, 4.5)) +
    leaves +
    s.place(head, 0, top)
  );
}

function mushroom(random) {
  const cap = s.natural(
    random,
    [
      [5, 75, 42],
      [28, 45, 38],
      [40, 40, 65],
      [20, 60, 25],
    ],
    0.3,
  );
  const flesh = s.near(random, 42, 25, 85, 0.7);
  const wide = random.between(32, 49);
  const top = random.between(-46, -32);
  const rim = random.between(-4, 8);
  const neck = random.between(6, 12);
  const foot = neck * random.between(1, 1.7);
  const sag = random.between(3, 12);
  const stem = s.path(
    d`M${-neck} ${rim} Q${-neck * 0.8} 25 ${-foot} 44 Q0 50 ${foot} 44 Q${neck * 0.8} 25 ${neck} ${rim}Z`,
    flesh,
  );
  const under = s.ellipse(0, rim, wide * 0.92, sag, s.shade(flesh, -random.between(8, 22)));
  const dome = s.path(
    d`M${-wide} ${rim} C${-wide} ${top * 0.9} ${-wide * 0.4} ${top} 0 ${top} C${wide * 0.4} ${top} ${wide} ${top * 0.9} ${wide} ${rim} Q0 ${rim + sag * random.between(-1, 0.8)} ${-wide} ${rim}Z`,
    cap,
  );
  const ring = random.chance(0.35) ? s.ellipse(0, rim + 18, neck * 1.3, 3, s.shade(flesh, -8)) : '';
  const spot = random.chance(0.8) ? flesh : s.anyColour(random);
  const spots = random.chance(0.65)
    ? s.repeat(random.integer(3, 7), (i) =>
        s.ellipse(
          wide * (-0.6 + 0.2 * i),
          top * (0.3 + 0.45 * random.next()) + rim * 0.5,
          random.between(2, 6),
          random.between(2, 5),
          spot,
        ),
      )
    : '';
  return stem + ring + under + dome + spots;
}

function tree(random) {
  const crown = s.natural(random, [...GREENS, [35, 70, 45], [10, 60, 42]], 0.1);
  const bark = s.near(random, 25, 35, 25);
  const half = random.between(3, 7);
  const trunk = (top) => s.polygon([-half, top, half, top, half * 1.5, 50, -half * 1.5, 50], bark);
  const kind = random.integer(0, 2);
  if (kind === 0) {
    const tiers = random.integer(2, 5);
    const wide = random.between(24, 40);
    const tier = (i) => {
      const low = 34 - (i * 62) / tiers;
      const reach = wide * (1 - (0.65 * i) / tiers);
      return s.polygon(
        [-reach, low, 0, Math.max(-49, low - 110 / tiers), reach, low],
        s.shade(crown, 3 * i),
      );
    };
    return trunk(20) + s.repeat(tiers, tier);
  }
  const fruit = random.chance(0.3)
    ? s.repeat(random.integer(4, 9), () =>
        s.circle(random.between(-22, 22), random.between(-34, 2), 2.6, s.near(random, 5, 80, 48)),
      )
    : '';
  if (kind === 1) {
    return (
      trunk(0) + s.ellipse(0, -14, random.between(17, 36), random.between(28, 36), crown) + fruit
    );
  }
  const clump = () =>
    s.circle(
      random.between(-24, 24),
      random.between(-32, 2),
      random.between(12, 20),
      s.shade(crown, random.between(-6, 8)),
    );
  const branches = s.stroke(
    d`M0 22 L${random.between(-22, -12)} -4 M0 16 L${random.between(12, 22)} -8`,
    bark,
    half * 0.7,
  );
  return (
    trunk(-5) +
    branches +
    s.circle(0, -16, 20, crown) +
    s.repeat(random.integer(6, 11), clump) +
    fruit
  );
}

module.exports = { apple, flower, mushroom, tree };
