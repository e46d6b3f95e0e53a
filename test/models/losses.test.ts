// Losses of labels of every type and shape: transformers', or a refusal where it has none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, BitForImageClassification, Tensor, type BitConfigFields } from '../../lib';
import { FLOAT32_BOUND } from '../support/closeness';
import { REFERENCE } from '../support/reference';

type LabelType = 'float32' | 'float16' | 'bfloat16' | 'uint8' | 'int64';

/** One model and type of labels, as test/reference/make_losses.py writes it. */
interface Row {
  model: string;
  images: number;
  problem_type: BitConfigFields['problemType'];
  dtype: LabelType;
  shapes: number[][];
  /** By shape, as '2x3'; transformers has none for the others. */
  losses: Record<string, number>;
}

const { rows } = JSON.parse(readFileSync(join(REFERENCE, 'losses.json'), 'utf8')) as {
  rows: Row[];
};
const SIDE = 8;
/** transformers' losses of half precision are in it themselves where ours are in float32. */
const HALF_BOUNDS: Partial<Record<LabelType, number>> = { float16: 2 ** -11, bfloat16: 2 ** -8 };

function pixels(images: number): Tensor {
  const values = Float32Array.from({ length: images * 3 * SIDE * SIDE }, (_, i) => {
    return ((i * 7) % 23) / 8 - 1;
  });
  return Tensor.from(values, [images, 3, SIDE, SIDE]);
}

/** Sign, exponent and the upper bits of the fraction: exact for the eighths below 2. */
function halfBits(value: number, dtype: 'float16' | 'bfloat16'): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  if (dtype === 'bfloat16' || value === 0) return bits >>> 16;
  return (((bits >>> 23) - 127 + 15) << 10) | ((bits >>> 13) & 0x3ff);
}

function labels(shape: number[], dtype: LabelType, numLabels: number): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const classes = numLabels > 1 ? numLabels : 4;
  const whole = Array.from({ length }, (_, i) => (i * 2 + 1) % classes);
  const eighths = Array.from({ length }, (_, i) => ((i * 3 + 1) % 9) / 8);
  switch (dtype) {
    case 'uint8':
      return Tensor.from(Uint8Array.from(whole), shape);
    case 'int64':
      return Tensor.from(BigInt64Array.from(whole, BigInt), shape);
    case 'float32':
      return Tensor.from(Float32Array.from(eighths), shape);
    default:
      return Tensor.from(
        Uint16Array.from(eighths, (value) => halfBits(value, dtype)),
        shape,
        dtype,
      );
  }
}

test.each(rows)('$model, $images images, $problem_type, $dtype', async (row) => {
  const directory = join(REFERENCE, 'models', row.model);
  const config = (await BitConfig.fromPretrained(directory)).with({
    problemType: row.problem_type,
  });
  await using model = await BitForImageClassification.fromPretrained(directory, { config });
  for (const shape of row.shapes) {
    const given = labels(shape, row.dtype, config.numLabels);
    const answer = model.forward({ pixelValues: pixels(row.images), labels: given });
    const expected = row.losses[shape.join('x')];
    if (expected === undefined) {
      await expect(answer).rejects.toMatchObject({
        code: 'ERR_BIT_SHAPE',
        message: expect.stringContaining(row.dtype) as string,
      });
      continue;
    }
    const { loss } = await answer;
    const bound = HALF_BOUNDS[row.dtype] ?? FLOAT32_BOUND;
    expect(loss?.shape).toEqual([]);
    expect(Math.abs((loss?.data[0] as number) - expected)).toBeLessThanOrEqual(bound * expected);
  }
});
