import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BitImageProcessor, inspectModel } from '../../lib';
import { ROOT } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const MINI = 'bit-mini-scenes';

test.each([1, 16_383])('a side of %i is counted for', async (size) => {
  const { inputSize } = await inspectModel(MINI, { size });
  expect(inputSize).toEqual({ height: size, width: size });
});

test.each([0, 16_384, 1.5, NaN])('a side of %p is refused', async (size) => {
  await expect(inspectModel(MINI, { size })).rejects.toMatchObject({
    code: 'ERR_BIT_CONFIG',
    message: expect.stringContaining('an integer from 1 to 16383 for size') as string,
  });
});

test('the totals are those of the stages', async () => {
  const { stages, parameters, multiplyAdds } = await inspectModel(MINI);
  const sum = (key: 'parameters' | 'multiplyAdds') =>
    stages.map((stage) => stage[key]).reduce((a, b) => a + b);
  expect(sum('parameters')).toBe(parameters);
  expect(sum('multiplyAdds')).toBe(multiplyAdds);
  expect(parameters).toBeGreaterThan(0);
});

test("without one it is that of the processor's crop, and that of the family where there is none", async () => {
  const copy = join(folder, 'copy');
  cpSync(join(ROOT, 'models', MINI), copy, { recursive: true });
  const sizeWith = async (init: Partial<BitImageProcessor>) => {
    await new BitImageProcessor(init).savePretrained(copy);
    return (await inspectModel(copy)).inputSize;
  };
  const cropSize = { height: 40, width: 50 };
  expect(await sizeWith({ cropSize })).toEqual(cropSize);
  const family = { height: 224, width: 224 };
  expect(await sizeWith({ cropSize, doCenterCrop: false })).toEqual(family);
  rmSync(join(copy, 'preprocessor_config.json'));
  expect((await inspectModel(copy)).inputSize).toEqual(family);
  expect((await inspectModel(copy)).files).toEqual([join(copy, 'model.safetensors')]);
});
