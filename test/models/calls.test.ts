import { readdirSync } from 'node:fs';
import { BitBackbone, BitConfig, BitForImageClassification, BitModel, Tensor } from '../../lib';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

const config = new BitConfig({
  embeddingSize: 16,
  hiddenSizes: [32, 64],
  depths: [1, 2],
  numGroups: 4,
});

/** Pixel values of some pattern. */
function pixels(seed: number, side = 40): Tensor {
  const data = new Float32Array(3 * side * side).map((_, i) => Math.sin(seed + i));
  return Tensor.from(data, [1, 3, side, side]);
}

const classifier = () => BitForImageClassification.fromConfig(config, { seed: 3 });

describe('calls in flight together', () => {
  test('give what they give one after the other', async () => {
    await using model = await classifier();
    const inputs = Array.from({ length: 12 }, (_, i) => pixels(i, 32 + (i % 3) * 7));
    const alone: unknown[] = [];
    for (const input of inputs) alone.push((await model.forward(input)).logits.data);
    const together = await Promise.all(inputs.map((input) => model.forward(input)));
    expect(together.map(({ logits }) => logits.data)).toEqual(alone);
  });

  test('of several models do not disturb one another', async () => {
    await using head = await classifier();
    await using trunk = await BitModel.fromConfig(config, { seed: 3 });
    await using backbone = await BitBackbone.fromConfig(config, { seed: 3 });
    const once = async () => {
      const [a, b, c] = await Promise.all([
        head.forward(pixels(1)),
        trunk.forward(pixels(1)),
        backbone.forward(pixels(1)),
      ]);
      return [a.logits.data, b.poolerOutput.data, c.featureMaps[0]?.data];
    };
    const [first, second] = await Promise.all([once(), once()]);
    expect(first).toEqual(second);
  });

  test('may have their input changed once they have begun', async () => {
    await using model = await classifier();
    const input = pixels(1);
    const expected = (await model.forward(input)).logits.data;
    const call = model.forward(input);
    (input.data as Float32Array).fill(0);
    expect((await call).logits.data).toEqual(expected);
  });
});

test('the same seed gives the same weights, another gives others', async () => {
  const logits = async (seed: number) => {
    await using model = await BitForImageClassification.fromConfig(config, { seed });
    return (await model.forward(pixels(1))).logits.data;
  };
  expect(await logits(5)).toEqual(await logits(5));
  expect(await logits(5)).not.toEqual(await logits(6));
});

describe('an aborted signal', () => {
  test('rejects with its reason, before and during a call, and the model goes on', async () => {
    await using model = await classifier();
    const reason = new Error('enough');
    await expect(model.forward(pixels(1), { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const call = model.forward(pixels(1, 512), { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect((await model.forward(pixels(1))).logits.shape).toEqual([1, 2]);
  });

  test('frees the threads: a long queue of cancelled calls ends at once', async () => {
    await using model = await BitModel.fromConfig(new BitConfig());
    const controller = new AbortController();
    const input = pixels(1, 224);
    const calls = Array.from({ length: 200 }, () =>
      model.forward(input, { signal: controller.signal }),
    );
    controller.abort();
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    // All 200 would take half a minute; this call waits for no more than what was running.
    const before = performance.now();
    await model.forward(pixels(1, 64));
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('dispose', () => {
  test('lets calls in flight end, refuses later ones, and may be called again', async () => {
    const model = await classifier();
    const call = model.forward(pixels(1));
    const disposal = model.dispose();
    expect((await call).logits.shape).toEqual([1, 2]);
    await disposal;
    await model.dispose();
    for (const late of [model.forward(pixels(1)), model.stateDict(), model.savePretrained(folder)])
      await expect(late).rejects.toMatchObject({ name: 'BitError', code: 'ERR_BIT_DISPOSED' });
    expect(readdirSync(folder)).toEqual([]);
    expect(model.config.numLabels).toBe(2);
  });
});

describe('profile', () => {
  const names = (rows: { name: string }[]) => rows.map(({ name }) => name);

  test.each(['float32', 'bfloat16'] as const)('times every layer in %s', async (dtype) => {
    await using model = await BitForImageClassification.fromConfig(config, { seed: 3, dtype });
    const two = Tensor.from(new Float32Array(2 * 3 * 30 * 30).fill(0.5), [2, 3, 30, 30]);
    const rows = await model.profile(two);
    const convolutions = rows.filter(({ multiplyAdds }) => multiplyAdds > 0);
    const parameters = [...(await model.stateDict()).entries()];
    const kernels = parameters.filter(([, { shape }]) => shape.length === 4);
    expect(names(convolutions).sort()).toEqual(
      kernels.map(([name]) => name.replace(/\.weight$/, '')).sort(),
    );
    for (const { milliseconds } of rows) expect(milliseconds).toBeGreaterThan(0);
    // Two images cost what one costs, twice.
    const one = (await model.profile(pixels(1, 30))).find(({ multiplyAdds }) => multiplyAdds > 0);
    expect(convolutions[0]?.multiplyAdds).toBe(2 * (one?.multiplyAdds ?? 0));
  });

  test('takes what forward takes and refuses what it refuses', async () => {
    await using model = await classifier();
    await expect(model.profile(pixels(1, 30).data as never)).rejects.toMatchObject({
      code: 'ERR_BIT_SHAPE',
    });
  });
});
