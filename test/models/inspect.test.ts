import { inspectModel } from '../../lib';

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
