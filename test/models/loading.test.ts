import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfig, BitForImageClassification, Tensor } from '../../lib';
import { runScript } from '../support/child';
import { REFERENCE, readCase } from '../support/reference';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

/** Promised bound on the memory of loading, as a multiple of the weights. */
const LOADING_BOUND = 1.3;

test('loading takes less than 1.3 times the memory of the weights', async () => {
  // R50x1, about 100 MB.
  await using model = await BitForImageClassification.fromConfig(new BitConfig());
  await model.savePretrained(folder);
  const script = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const kilobytes = (field) =>
      Number(new RegExp(field + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    bigtransfer.systemInfo();
    const before = kilobytes('VmRSS');
    writeFileSync('/proc/self/clear_refs', '5'); // the peak starts anew
    bigtransfer.BitForImageClassification.fromPretrained(${JSON.stringify(folder)}).then(() =>
      print(1024 * (kilobytes('VmHWM') - before)));`;
  const weights = statSync(join(folder, 'model.safetensors')).size;
  expect((await runScript<number>(script)) / weights).toBeLessThan(LOADING_BOUND);
});

describe('dtype', () => {
  const directory = join(REFERENCE, 'models', 'bottleneck');
  const { runs, expected } = readCase(directory);
  const run = runs.find(({ outputs }) => outputs?.['logits']);

  /** Cosine of the angle between our logits and transformers'. */
  async function similarity(dtype: 'float32' | 'bfloat16' | 'float16'): Promise<number> {
    const pixels = expected.get(run?.inputs.pixel_values as string) as Tensor;
    const theirs = expected.get(run?.outputs?.['logits'] as string)?.data as Float32Array;
    await using model = await BitForImageClassification.fromPretrained(directory, { dtype });
    expect(model.dtype).toBe(dtype);
    const { logits } = await model.forward(pixels);
    expect(logits.dtype).toBe('float32');
    const ours = logits.data as Float32Array;
    const dot = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
    return dot(ours, theirs) / Math.sqrt(dot(ours, ours) * dot(theirs, theirs));
  }

  test.each([
    ['float32', 1 - 1e-9],
    ['bfloat16', 0.9995],
    ['float16', 0.9995],
  ] as const)('%s agrees with transformers in float32', async (dtype, bound) => {
    expect(await similarity(dtype)).toBeGreaterThan(bound);
  });
});
