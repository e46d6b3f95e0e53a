// How the packaged model's weights come to be float16: models/recipe/half_precision.js.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, BitForImageClassification, Tensor } from '../../lib';
import { temporaryFolder } from '../support/temporary';

interface HalfPrecision {
  halfBits(value: number): number;
  writeHalf(from: string, to: string, factors?: Record<string, number>): void;
}

/* eslint-disable @typescript-eslint/no-require-imports -- the recipe is a plain script */
const { halfBits, writeHalf } = require('../../models/recipe/half_precision') as HalfPrecision;

const folder = temporaryFolder();

// IEEE 754, binary16: ten bits of fraction, exponents from -14 to 15.
test.each([
  ['zero', 0, 0x0000],
  ['minus zero', -0, 0x8000],
  ['one', 1, 0x3c00],
  ['minus two', -2, 0xc000],
  ['the largest', 65504, 0x7bff],
  ['the least normal one', 2 ** -14, 0x0400],
  ['the largest below that', 1023 * 2 ** -24, 0x03ff],
  ['the least', 2 ** -24, 0x0001],
  ['a third', 1 / 3, 0x3555],
  ['half a step above one: the even one below', 1 + 2 ** -11, 0x3c00],
  ['three halves of a step above one: the even one above', 1 + 3 * 2 ** -11, 0x3c02],
  ['a little more than half a step above one', 1 + 2 ** -11 + 2 ** -20, 0x3c01],
  ['what is rounded up to the next exponent', 2 - 2 ** -20, 0x4000],
  ['half of the least: the even one below', 2 ** -25, 0x0000],
  ['more than half of the least', 1.5 * 2 ** -25, 0x0001],
])('float16 of %s', (_, value, bits) => {
  expect(halfBits(value)).toBe(bits);
});

test.each([65505, -70000, Infinity, NaN])('%p is no float16', (value) => {
  expect(() => halfBits(value)).toThrow(RangeError);
});

test('every float16 is its own nearest one', () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, index) => index);
  const values = Tensor.from(bits, [bits.length], 'float16').toFloat32().data;
  const wrong = [...bits].filter((each) => {
    const value = values[each] as number;
    return Number.isFinite(value) && halfBits(value) !== each;
  });
  expect(wrong).toEqual([]);
});

test('a file of float32 has every weight as the nearest float16, under its name and by its factor', async () => {
  const config = new BitConfig({
    embeddingSize: 8,
    hiddenSizes: [8, 16],
    depths: [1, 1],
    stageNames: ['stem', 'stage1', 'stage2'],
    numGroups: 4,
    layerType: 'preactivation',
    numLabels: 3,
  });
  await using model = await BitForImageClassification.fromConfig(config, { seed: 3 });
  await model.savePretrained(folder);
  const file = join(folder, 'model.safetensors');
  const before = readFileSync(file);
  writeHalf(file, file, { 'bit.norm.weight': 4 });
  expect(readFileSync(file).length).toBeLessThan(before.length);
  await using half = await BitForImageClassification.fromPretrained(folder);
  const [exact, rounded] = [await model.stateDict(), await half.stateDict()];
  expect([...rounded.keys()]).toEqual([...exact.keys()]);
  for (const [name, { shape, data }] of exact) {
    expect(rounded.get(name)?.shape).toEqual(shape);
    const factor = name === 'bit.norm.weight' ? 4 : 1;
    const bits = Uint16Array.from(data, (value) => halfBits(factor * value));
    const expected = Tensor.from(bits, shape, 'float16').toFloat32().data;
    expect(rounded.get(name)?.data).toEqual(expected);
  }
  expect(() => writeHalf(file, file)).toThrow(/ is F16$/);
});
