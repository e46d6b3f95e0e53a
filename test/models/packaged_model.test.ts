import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from '../../lib';

interface Recipe {
  CLASSES: string[];
  SPLITS: { test: number };
  renderPixels(classIndex: number, seed: number): Promise<Buffer>;
}

/* eslint-disable @typescript-eslint/no-require-imports -- the recipe is a plain script */
const { CLASSES, SPLITS, renderPixels } = require('../../models/recipe/render') as Recipe;
const card = join(__dirname, '..', '..', 'models', 'bit-mini-scenes');
const stated = JSON.parse(readFileSync(join(card, 'accuracy.json'), 'utf8')) as {
  accuracy: number;
};

const PER_CLASS = 20;
/** Pictures that are drawn at once. */
const CHUNK = 5;
/** What the project asks of the model that it ships. */
const LEAST_ACCURACY = 0.96;
/** Three standard errors of a proportion over this many pictures: chance alone stays within. */
const tolerance = (count: number) =>
  3 * Math.sqrt((stated.accuracy * (1 - stated.accuracy)) / count);

describe('the packaged model', () => {
  test('is as accurate as it has to be', () => {
    expect(stated.accuracy).toBeGreaterThanOrEqual(LEAST_ACCURACY);
  });

  test('has the accuracy on unseen pictures that its card states', async () => {
    await using classify = await pipeline('image-classification');
    let right = 0;
    for (const [index, name] of CLASSES.entries()) {
      for (let first = 0; first < PER_CLASS; first += CHUNK) {
        const seeds = Array.from({ length: CHUNK }, (_, i) => SPLITS.test + first + i);
        const pictures = await Promise.all(seeds.map((seed) => renderPixels(index, seed)));
        const answers = await classify(pictures, { topK: 1, batchSize: CHUNK });
        right += answers.filter(([best]) => best?.label === name).length;
      }
    }
    const count = CLASSES.length * PER_CLASS;
    expect(Math.abs(right / count - stated.accuracy)).toBeLessThan(tolerance(count));
  }, 600_000);
});
