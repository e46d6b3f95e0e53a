// Drawings of things that carry people. Each fills about [-50, 50] in both directions, y downwards.

const s = require('./shapes');
const { d } = s;

const DARK = s.colour(220, 10, 12);

function balloon(random) {
  const cloth = s.anyColour(random);
  const wide = random.between(27, 36);
  const neck = random.between(18, 26);
  const skin = (k, paint) =>
    s.path(
      d`M0 -49 C${wide * 1.3 * k} -49 ${wide * 1.35 * k} -6 ${5 * k} ${neck} L${-5 * k} ${neck} C${-wide * 1.35 * k} -6 ${-wide * 1.3 * k} -49 0 -49Z`,
      paint,
    );
  const other = s.anyColour(random);
  const gores = random.chance(0.75)
    ? skin(0.68, other) + skin(0.32, random.chance(0.5) ? cloth : s.anyColour(random))
    : '';
  const wicker = s.near(random, 30, 45, 35);
  const basket = random.between(6, 10);
  const ropes = s.stroke(
    d`M-4.5 ${neck} L${-basket} 38 M4.5 ${neck} L${basket} 38`,
    s.shade(wicker, -12),
    1.2,
  );
  return ropes + skin(1, cloth) + gores + s.box(-basket, 37, 2 * basket, 12, wicker, 2);
}

function boat(random) {
  const hull = s.anyColour(random);
  const deck = random.between(14, 22);
  const wide = random.between(36, 48);
  const keel = random.between(38, 46);
  const planks = s.path(
    d`M${-wide} ${deck} L${wide} ${deck - random.between(0, 6)} Q${wide * 0.8} ${keel} ${wide * 0.5} ${keel} L${-wide * 0.6} ${keel} Q${-wide * 0.85} ${keel} ${-wide} ${deck}Z`,
    hull,
  );
  const band = random.chance(0.4)
    ? s.stroke(
        d`M${-wide * 0.92} ${deck + 6} L${wide * 0.93} ${deck + 5}`,
        s.anyColour(random),
        2.5,
      )
    : '';
  const sea = s.near(random, 205, 55, 50);
  const waves = random.chance(0.5)
    ? s.stroke(
        d`M-50 ${keel} q6 -6 12 0 t12 0 t12 0 t12 0 t12 0 t12 0 t12 0 t12 0`,
        sea,
        random.between(3, 7),
      )
    : '';
  return (random.chance(0.65) ? sails(random, deck) : cabin(random, deck)) + planks + band + waves;
}

function sails(random, deck) {
  const mast = random.between(-8, 4);
  const cloth = s.natural(
    random,
    [
      [0, 0, 94],
      [45, 30, 88],
      [10, 65, 50],
    ],
    0.3,
  );
  const main = s.path(
    d`M${mast + 2} -44 Q${mast + random.between(20, 42)} ${-5} ${mast + random.between(26, 38)} ${deck - 6} L${mast + 2} ${deck - 6}Z`,
    cloth,
  );
  const jib = random.chance(0.75)
    ? s.path(
        d`M${mast - 2} ${random.between(-40, -28)} L${mast - 2} ${deck - 7} L${mast - random.between(18, 30)} ${deck - 6}Z`,
        random.chance(0.6) ? cloth : s.anyColour(random),
      )
    : '';
  const flag = random.chance(0.4)
    ? s.polygon([mast, -49, mast + 12, -46, mast, -42], s.anyColour(random))
    : '';
  return (
    s.stroke(d`M${mast} ${deck} L${mast} -48`, s.near(random, 30, 40, 28), random.between(2, 3.5)) +
    main +
    jib +
    flag
  );
}

function cabin(random, deck) {
  const wall = s.natural(
    random,
    [
      [0, 0, 92],
      [40, 30, 80],
    ],
    0.4,
  );
  const left = random.between(-28, -18);
  const width = random.between(34, 46);
  const funnels = s.repeat(random.integer(1, 3), (i) =>
    s.box(left + 6 + 12 * i, deck - 44, 7, 22, s.anyColour(random)),
  );
  const ports = s.repeat(4, (i) =>
    s.circle(left + 6 + i * (width / 4.2), deck - 12, 2.8, s.glass(random)),
  );
  return funnels + s.box(left, deck - 22, width, 24, wall) + ports;
}

function car(random) {
  const paint = s.anyColour(random);
  const floor = random.between(18, 24);
  const waist = random.between(-6, 2);
  const roof = waist - random.between(16, 25);
  const [front, rear] = [random.between(-24, -10), random.between(16, 40)];
  const cabinPath = (inset) =>
    d`M${front - 10 + inset * 2} ${waist + 1} L${front + inset} ${roof + inset} L${rear - inset} ${roof + inset} L${rear + 6 - inset * 2} ${waist + 1}Z`;
  const body = s.path(
    d`M-48 ${floor} L-48 ${waist + 8} Q-47 ${waist} -38 ${waist} L46 ${waist} Q49 ${waist + 2} 49 ${floor}Z`,
    paint,
  );
  const pillar = random.between(front + 8, rear - 8);
  const tyre = random.between(8.5, 12.5);
  const hub = s.colour(0, 0, random.between(45, 85));
  const wheel = (x) =>
    s.circle(x, floor, tyre, DARK) + s.circle(x, floor, tyre * random.between(0.4, 0.65), hub);
  const lamps =
    s.ellipse(-46, waist + 8, 2.6, 3.4, s.near(random, 52, 80, 75)) +
    s.box(45.5, waist + 5, 3.5, 6, s.near(random, 2, 80, 45));
  const door = random.chance(0.7)
    ? s.stroke(
        d`M${pillar} ${waist + 2} L${pillar} ${floor - 3} M${pillar + 4} ${waist + 6} l5 0`,
        s.shade(paint, -16),
        1.2,
      )
    : '';
  return (
    s.path(cabinPath(0), s.shade(paint, random.between(-4, 4))) +
    s.path(cabinPath(3.5), s.glass(random)) +
    s.box(pillar - 1.5, roof + 2, 3, waist - roof, paint) +
    body +
    door +
    lamps +
    wheel(-27 + random.between(-4, 2)) +
    wheel(28 + random.between(-2, 5))
  );
}

function rocket(random) {
  const shell = s.natural(
    random,
    [
      [0, 0, 92],
      [0, 0, 70],
      [5, 70, 48],
    ],
    0.4,
  );
  const trim = s.anyColour(random);
  const half = random.chance(0.3) ? random.between(5, 9) : random.between(9, 16);
  const tail = random.between(20, 30);
  const nose = random.between(-30, -14);
  const body = s.path(
    d`M0 -50 C${half * 0.7} -42 ${half} ${nose} ${half} ${nose + 8} L${half * random.between(0.7, 1)} ${tail} L${-half * 0.85} ${tail} L${-half} ${nose + 8} C${-half} ${nose} ${-half * 0.7} -42 0 -50Z`,
    shell,
  );
  const cone = random.chance(0.6)
    ? s.path(
        d`M0 -50 C${half * 0.6} -43 ${half * 0.85} ${nose - 2} ${half * 0.9} ${nose} L${-half * 0.9} ${nose} C${-half * 0.85} ${nose - 2} ${-half * 0.6} -43 0 -50Z`,
        trim,
      )
    : '';
  const reach = half + random.between(6, 17);
  const fins = s.mirrored(
    s.path(
      d`M${half * 0.8} ${tail - random.between(16, 26)} Q${reach} ${tail - 8} ${reach} ${tail + random.between(4, 12)} L${half * 0.7} ${tail}Z`,
      random.chance(0.7) ? trim : s.anyColour(random),
    ),
  );
  const ports = s.repeat(
    random.integer(0, 2),
    (i) =>
      s.circle(0, nose + 12 + 13 * i, half * 0.5, s.shade(trim, -15)) +
      s.circle(0, nose + 12 + 13 * i, half * 0.36, s.near(random, 200, 50, 75)),
  );
  const bands = random.chance(0.35)
    ? s.box(-half * 0.92, tail - 10, half * 1.84, 5, s.anyColour(random))
    : '';
  const plume = (k, paint) =>
    s.path(
      d`M${-half * 0.7 * k} ${tail} Q${-half * 1.1 * k} ${tail + 14 * k} 0 ${tail + random.between(18, 24) * k} Q${half * 1.1 * k} ${tail + 14 * k} ${half * 0.7 * k} ${tail}Z`,
      paint,
    );
  const flame = random.chance(0.7)
    ? plume(1, s.near(random, 18, 95, 52)) + plume(0.6, s.near(random, 48, 95, 65))
    : '';
  return flame + fins + body + cone + bands + ports;
}

module.exports = { balloon, boat, car, rocket };
