import { channel } from 'node:diagnostics_channel';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  BitConfig,
  BitForImageClassification,
  BitModel,
  systemInfo,
  type ComputeDType,
  type Tensor,
} from '../../lib';
import { runScript } from '../support/child';
import { cosine, HALF_BOUND } from '../support/closeness';
import { REFERENCE, readCase, type Run } from '../support/reference';
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

test('an abort while the weights are read rejects with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const stop = () => controller.abort(reason);
  channel('tracing:bigtransfer:load:start').subscribe(stop);
  const { signal } = controller;
  const load = BitModel.fromPretrained('bit-mini-scenes', { signal }).finally(() =>
    channel('tracing:bigtransfer:load:start').unsubscribe(stop),
  );
  await expect(load).rejects.toBe(reason);
});

test('parameters that were drawn count as memory, beside what computes with them', async () => {
  await using drawn = await BitModel.fromConfig(new BitConfig({ depths: [1, 1, 1, 1] }));
  const saved = join(folder, 'drawn');
  await drawn.savePretrained(saved);
  await using read = await BitModel.fromPretrained(saved);
  const weights = statSync(join(saved, 'model.safetensors')).size;
  const more = drawn.stats().memory.bytes - read.stats().memory.bytes;
  expect(more / weights).toBeCloseTo(1, 1);
});

describe('dtype', () => {
  /** Cosine of the angle between our logits and transformers'. */
  async function similarity(name: string, dtype: ComputeDType): Promise<number> {
    const directory = join(REFERENCE, 'models', name);
    const { runs, expected } = readCase(directory);
    const run = runs.find(({ outputs }) => outputs?.['logits']) as Run;
    const pixels = expected.get(run.inputs.pixel_values as string) as Tensor;
    await using model = await BitForImageClassification.fromPretrained(directory, { dtype });
    expect(model.dtype).toBe(dtype);
    const { logits } = await model.forward(pixels);
    expect(logits.dtype).toBe('float32');
    return cosine(logits, expected.get(run.outputs?.['logits'] as string) as Tensor);
  }

  // One that runs through the fused plan, and one that does not.
  describe.each(['preactivation', 'bottleneck'])('%s', (name) => {
    test.each([
      ['float32', 1 - 1e-9],
      ['bfloat16', HALF_BOUND],
      ['float16', HALF_BOUND],
    ] as const)('%s agrees with transformers in float32', async (dtype, bound) => {
      expect(await similarity(name, dtype)).toBeGreaterThan(bound);
    });
  });

  test("'auto' is what systemInfo tells, where it is the faster one", async () => {
    const options = { dtype: 'auto' } as const;
    const config = new BitConfig({
      depths: [1],
      hiddenSizes: [32],
      embeddingSize: 32,
      numGroups: 8,
    });
    await using family = await BitModel.fromConfig(config, options);
    expect(family.dtype).toBe(systemInfo().autoDtype);
    await using other = await BitModel.fromConfig(config.with({ hiddenAct: 'gelu' }), options);
    expect(other.dtype).toBe('float32');
    await using unasked = await BitModel.fromConfig(config);
    expect(unasked.dtype).toBe('float32');
  });
});
