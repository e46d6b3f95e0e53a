// Eight things that the small model has never seen. Each fills about [-50, 50] in both directions, y downwards.
'use strict';

const s = require('../../models/recipe/shapes');

const { d } = s;

function bell(random) {
  const metal = s.natural(random, [
    [45, 70, 50],
    [30, 40, 40],
    [0, 0, 70],
  ]);
  const width = random.between(28, 40);
  const body = s.path(
    d`M${-width} 30 C${-width * 0.6} 10 ${-width * 0.7} -34 0 -36 C${width * 0.7} -34 ${width * 0.6} 10 ${width} 30 Z`,
    metal,
  );
  const rim = s.ellipse(0, 30, width + 3, random.between(4, 8), s.shade(metal, -12));
  const clapper = s.circle(random.between(-6, 6), 38, random.between(5, 8), s.shade(metal, -30));
  const handle = s.stroke('M-8 -38 C-8 -50 8 -50 8 -38', s.shade(metal, -20), random.between(3, 6));
  return clapper + body + rim + handle;
}

function hat(random) {
  const felt = s.anyColour(random);
  const tall = random.between(30, 62);
  const crown = random.between(20, 30);
  const top = 28 - tall;
  const slope = random.between(0.75, 1.1);
  const brim = s.ellipse(0, 28, random.between(42, 50), random.between(7, 12), s.shade(felt, -8));
  const body = s.path(
    d`M${-crown} 28 L${-crown * slope} ${top} Q0 ${top - 10} ${crown * slope} ${top} L${crown} 28 Z`,
    felt,
  );
  const band = s.box(-crown, 14, 2 * crown, random.between(7, 12), s.anyColour(random));
  return brim + body + band;
}

function key(random) {
  const metal = s.natural(random, [
    [45, 60, 55],
    [0, 0, 65],
    [25, 45, 40],
  ]);
  const ring = random.between(13, 19);
  const width = random.between(5, 8);
  const teeth = s.repeat(random.integer(2, 4), (index) =>
    s.box(34 - 9 * index, 0, random.between(4, 6), random.between(12, 20), metal),
  );
  const shaft = s.box(-20, -width / 2, 64, width, metal, 2);
  const bow = s.stroke(
    d`M${-30 - ring} 0 a${ring} ${ring} 0 1 0 ${2 * ring} 0 a${ring} ${ring} 0 1 0 ${-2 * ring} 0`,
    metal,
    random.between(5, 9),
  );
  return shaft + teeth + bow;
}

function ladder(random) {
  const wood = s.natural(random, [
    [30, 45, 45],
    [0, 0, 70],
    [15, 60, 40],
  ]);
  const half = random.between(14, 22);
  const narrowing = random.between(0.7, 1);
  const width = random.between(4, 7);
  const rail = (side) =>
    s.stroke(d`M${side * half} 48 L${side * half * narrowing} -48`, wood, width);
  const count = random.integer(5, 8);
  const rungs = s.repeat(count, (index) => {
    const y = 40 - (80 * index) / (count - 1);
    return s.stroke(d`M${-half} ${y} L${half} ${y}`, s.shade(wood, 8), width * 0.7);
  });
  return rungs + rail(-1) + rail(1);
}

function lamp(random) {
  const cloth = s.natural(random, [
    [48, 70, 70],
    [0, 0, 90],
    [10, 60, 50],
  ]);
  const stand = s.anyColour(random);
  const [top, bottom] = [random.between(12, 22), random.between(28, 42)];
  const shadeOf = s.polygon([-top, -46, top, -46, bottom, -6, -bottom, -6], cloth);
  const pole = s.box(-2.5, -6, 5, random.between(40, 48), stand);
  const foot = s.ellipse(0, 42, random.between(16, 26), random.between(5, 8), s.shade(stand, -10));
  const cord = random.chance(0.5)
    ? s.stroke(d`M${bottom * 0.6} -6 L${bottom * 0.6} 12`, stand, 1.5)
    : '';
  return foot + pole + shadeOf + cord;
}

function spectacles(random) {
  const frame = s.anyColour(random);
  const glass = s.glass(random);
  const radius = random.between(15, 20);
  const width = random.between(3, 6);
  const round = random.chance(0.5);
  const lens = (x) => {
    const around = round
      ? s.circle(x, 0, radius, frame) + s.circle(x, 0, radius - width, glass)
      : s.box(x - radius, -radius * 0.75, 2 * radius, 1.5 * radius, frame, 5) +
        s.box(
          x - radius + width,
          -radius * 0.75 + width,
          2 * (radius - width),
          1.5 * radius - 2 * width,
          glass,
          3,
        );
    return around;
  };
  const bridge = s.stroke(d`M${-27 + radius} -3 Q0 -12 ${27 - radius} -3`, frame, width);
  const arms = s.mirrored(
    s.stroke(
      d`M${27 + radius - 2} -4 L${random.between(48, 50)} ${random.between(-16, 2)}`,
      frame,
      width,
    ),
  );
  return arms + lens(-27) + lens(27) + bridge;
}

function star(random) {
  const points = random.pick([5, 5, 5, 6, 8]);
  const inner = random.between(0.38, 0.6);
  const paint = s.natural(
    random,
    [
      [48, 90, 55],
      [0, 75, 50],
      [210, 60, 60],
    ],
    0.3,
  );
  const corners = Array.from({ length: 2 * points }, (_, index) => {
    const radius = index % 2 === 0 ? 48 : 48 * inner;
    const angle = (Math.PI * index) / points - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  return s.polygon(corners.flat(), paint);
}

function tent(random) {
  const cloth = s.anyColour(random);
  const half = random.between(38, 48);
  const peak = -random.between(28, 42);
  const lean = random.between(-8, 8);
  const front = s.polygon([-half, 34, lean, peak, half, 34], cloth);
  const door = random.between(8, 16);
  const opening = s.polygon([-door, 34, lean * 0.7, peak * 0.55, door, 34], s.shade(cloth, -25));
  const ropes = s.mirrored(s.stroke(d`M${half * 0.8} 20 L50 40`, s.colour(30, 20, 30), 1.5));
  const pole = random.chance(0.5)
    ? s.stroke(d`M${lean} ${peak} L${lean} ${peak - 8}`, s.colour(30, 40, 30), 3)
    : '';
  return ropes + front + opening + pole;
}

module.exports = { bell, hat, key, ladder, lamp, spectacles, star, tent };
