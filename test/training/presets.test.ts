// What a run is trained with.
import { recipeFor } from '../../lib/training/presets';

const basis = { examples: 1000, area: 640 * 480, modelSide: 96 };

test('the paper’s numbers, and Google’s for one GPU', () => {
  const byRule = {
    schedule: [100, 200, 300, 400, 500],
    mixup: 0,
    resolution: { resize: 512, crop: 480 },
  };
  expect(recipeFor('paper', basis)).toEqual({ batchSize: 512, learningRate: 0.003, ...byRule });
  expect(recipeFor('light', basis)).toEqual({ batchSize: 128, learningRate: 0.001, ...byRule });
  expect(recipeFor('paper', { ...basis, examples: 20_000, area: 32 * 32 })).toMatchObject({
    mixup: 0.1,
    resolution: { resize: 160, crop: 128 },
  });
});

test('a fifth of the steps, and pictures as the model was made for, on a CPU', () => {
  expect(recipeFor('cpu', basis)).toEqual({
    batchSize: 32,
    learningRate: 0.003,
    schedule: [20, 40, 60, 80, 100],
    mixup: 0,
    resolution: { resize: 120, crop: 96 },
  });
});
