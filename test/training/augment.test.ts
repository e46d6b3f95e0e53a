// Crops, mirrored or not, normalised.
import { cropInto, drawAugmentation, normalisationOf } from '../../lib/training/augment';
import { Random } from '../../lib/training/random';

const side = 4;
/** Each pixel's value tells its channel, row and column. */
const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => {
  const [channel, place] = [Math.floor(i / side ** 2), i % side ** 2];
  return 100 * channel + 10 * Math.floor(place / side) + (place % side);
});
const plain = { scale: [1, 1, 1], shift: [0, 0, 0] };

test('cuts out of each channel what is asked for, where it is asked for', () => {
  const target = new Float32Array(13).fill(-1);
  cropInto(target, 1, { data, side }, 2, { top: 1, left: 2, isMirrored: false }, plain);
  expect([...target]).toEqual([-1, 12, 13, 22, 23, 112, 113, 122, 123, 212, 213, 222, 223]);
});

test('mirrors columns and nothing else', () => {
  const target = new Float32Array(12);
  cropInto(target, 0, { data, side }, 2, { top: 0, left: 1, isMirrored: true }, plain);
  expect([...target]).toEqual([2, 1, 12, 11, 102, 101, 112, 111, 202, 201, 212, 211]);
});

test('normalises as the image processor does: (pixel / 255 - mean) / deviation', () => {
  const bit = normalisationOf({ imageMean: 0.5, imageStd: [0.5, 0.25, 1] });
  const target = new Float32Array(3);
  const white = { data: new Uint8Array([255, 255, 255]), side: 1 };
  cropInto(target, 0, white, 1, { top: 0, left: 0, isMirrored: false }, bit);
  expect([...target]).toEqual([1, 2, 0.5]);
  white.data.fill(0);
  cropInto(target, 0, white, 1, { top: 0, left: 0, isMirrored: false }, bit);
  expect([...target]).toEqual([-1, -2, -0.5]);
});

test('draws every place as often as any other, and mirrors as often as asked', () => {
  const counts = new Map<string, number>();
  const draws = 4000;
  let mirrored = 0;
  for (let i = 0; i < draws; i++) {
    const drawn = drawAugmentation(new Random(3, i), { resize: 5, crop: 4, flip: 0.25 });
    const place = `${drawn.top} ${drawn.left}`;
    counts.set(place, (counts.get(place) ?? 0) + 1);
    if (drawn.isMirrored) mirrored++;
  }
  expect([...counts.keys()].sort()).toEqual(['0 0', '0 1', '1 0', '1 1']);
  for (const count of counts.values()) expect(Math.abs(count - draws / 4)).toBeLessThan(120);
  expect(Math.abs(mirrored - draws / 4)).toBeLessThan(120);
});

test('a crop of all of it has one place', () => {
  const drawn = drawAugmentation(new Random(0), { resize: 4, crop: 4, flip: 0 });
  expect(drawn).toEqual({ top: 0, left: 0, isMirrored: false });
});
