// Drawings of things found indoors. Each fills about [-50, 50] in both directions, y downwards.

const s = require('./shapes');
const { d } = s;

const DARK = s.colour(220, 10, 12);
const WHITE = s.colour(0, 0, 96);

function clock(random) {
  const frame = s.anyColour(random);
  const face = s.natural(
    random,
    [
      [0, 0, 95],
      [45, 30, 88],
      [220, 20, 15],
    ],
    0.3,
  );
  const ink = face.lightness > 50 ? DARK : WHITE;
  const r = random.between(36, 42);
  const alarm = random.chance(0.35);
  const bells = alarm
    ? s.mirrored(
        s.ellipse(22, -38, 12, 8, frame, 38) + s.stroke('M22 34 L30 48', s.shade(frame, -15), 5),
      )
    : '';
  const rim = random.between(3, 8);
  const square = random.chance(0.25);
  const plate = square
    ? s.box(-r, -r, 2 * r, 2 * r, frame, random.between(0, 10)) +
      s.box(rim - r, rim - r, 2 * (r - rim), 2 * (r - rim), face, 3)
    : s.circle(0, 0, r, frame) + s.circle(0, 0, r - rim, face);
  const reach = r - rim - 2;
  const marks = random.pick([4, 12, 12, 60]);
  const tick = (i) =>
    s.place(
      s.stroke(
        d`M0 ${-reach} L0 ${-reach + (i % (marks / 4) ? 4 : 8)}`,
        ink,
        marks > 12 ? 0.9 : 2.2,
      ),
      0,
      0,
      { turn: (360 * i) / marks },
    );
  const time = random.next() * 12;
  const hand = (turn, length, width, paint) =>
    s.place(s.stroke(d`M0 4 L0 ${-length}`, paint, width), 0, 0, { turn });
  const hands =
    hand(time * 30, reach * 0.52, random.between(2.6, 4.5), ink) +
    hand((time % 1) * 360, reach * 0.8, random.between(1.8, 3.2), ink);
  const second = random.chance(0.4)
    ? hand(random.between(0, 360), reach * 0.85, 1, s.near(random, 5, 85, 48))
    : '';
  return bells + plate + s.repeat(marks, tick) + hands + second + s.circle(0, 0, 2.6, ink);
}

function cup(random) {
  const china = s.natural(
    random,
    [
      [0, 0, 92],
      [40, 25, 85],
      [205, 50, 50],
      [5, 60, 45],
    ],
    0.4,
  );
  const wide = random.between(23, 34);
  const tilt = wide * random.between(0.1, 0.62); // half height of the rim: how far from above it is seen
  const foot = wide * random.between(0.5, 0.95);
  const top = -random.between(14, 26);
  const bottom = top + random.between(34, 56) * (1 - tilt / (2.2 * wide));
  const saucer = random.chance(0.6)
    ? s.ellipse(0, bottom + 1, 47, Math.max(5, 47 * (tilt / wide)), s.shade(china, -4)) +
      s.ellipse(0, bottom, 32, Math.max(3, 32 * (tilt / wide)), s.shade(china, -12))
    : '';
  const middle = (top + bottom) / 2;
  const grip = s.place(
    `<ellipse cx="0" cy="0" rx="${s.round(random.between(9, 13))}" ry="${s.round((bottom - top) * 0.28)}" fill="none" stroke="${s.css(s.shade(china, -8))}" stroke-width="${s.round(random.between(3.5, 6))}"/>`,
    wide * 0.95,
    middle,
    { turn: random.between(-5, 20) },
  );
  const bulge = random.between(0, 8);
  const wall = s.path(
    d`M${-wide} ${top} C${-wide - bulge} ${middle} ${-foot - bulge} ${bottom} ${-foot} ${bottom} Q0 ${bottom + tilt * 0.9} ${foot} ${bottom} C${foot + bulge} ${bottom} ${wide + bulge} ${middle} ${wide} ${top}Z`,
    china,
  );
  const band = random.chance(0.35)
    ? s.stroke(
        d`M${-wide * 0.93} ${middle} Q0 ${middle + tilt * 1.4} ${wide * 0.93} ${middle}`,
        s.anyColour(random),
        random.between(2, 6),
      )
    : '';
  const drink = s.natural(
    random,
    [
      [25, 55, 18],
      [30, 45, 45],
      [15, 70, 35],
    ],
    0.15,
  );
  const rim =
    s.ellipse(0, top, wide, tilt, s.shade(china, 4)) +
    s.ellipse(
      0,
      top + 1,
      wide * 0.9,
      tilt * 0.85,
      random.chance(0.8) ? drink : s.shade(china, -20),
    );
  const steam = random.chance(0.3)
    ? s.stroke(
        d`M-8 ${top - 6} q-5 -7 0 -12 t0 -10 M8 ${top - 6} q-5 -7 0 -12 t0 -10`,
        s.colour(0, 0, 88),
        2,
      )
    : '';
  const spoon =
    saucer && random.chance(0.35)
      ? s.place(
          s.box(-18, -1.2, 26, 2.4, s.colour(0, 0, 70), 1) +
            s.ellipse(12, 0, 6, 3.5, s.colour(0, 0, 76)),
          -26,
          bottom + 4,
          { turn: random.between(-30, 30) },
        )
      : '';
  return saucer + grip + wall + band + rim + spoon + steam;
}

function umbrella(random) {
  const cloth = s.anyColour(random);
  const other = random.chance(0.55) ? s.anyColour(random) : s.shade(cloth, -10);
  const wide = random.between(38, 49);
  const top = random.between(-44, -32);
  const hem = random.between(-4, 6);
  const panels = random.integer(3, 7);
  const edge = (i) => wide * (-1 + (2 * i) / panels);
  const scallop = random.between(2, 7);
  // Each panel runs from the tip to its stretch of the hem, along ribs that bend outwards.
  const panel = (i) => {
    const [left, right] = [edge(i), edge(i + 1)];
    return s.path(
      d`M0 ${top} C${left * 0.7} ${top + 2} ${left} ${hem - 20} ${left} ${hem} Q${(left + right) / 2} ${hem - scallop * 2} ${right} ${hem} C${right} ${hem - 20} ${right * 0.7} ${top + 2} 0 ${top}Z`,
      i % 2 ? other : cloth,
    );
  };
  const wood = random.chance(0.5) ? s.near(random, 28, 45, 32) : s.anyColour(random);
  const hook = random.between(5, 9);
  const crook = random.chance(0.8) ? d`q0 8 ${-hook} 8 q${-hook} 0 ${-hook} -7` : d`l0 6`;
  const shaft = s.stroke(
    `${d`M0 ${top - 4} L0 ${random.between(34, 41)}`} ${crook}`,
    wood,
    random.between(2.2, 4),
  );
  return shaft + s.repeat(panels, panel);
}

module.exports = { clock, cup, umbrella };
