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

const PER_CLASS = 25;
/** Three standard errors of a proportion over this many pictures: chance alone stays within. */
const tolerance = (count: number) =>
  3 * Math.sqrt((stated.accuracy * (1 - stated.accuracy)) / count);

describe('the packaged model', () => {
  test('has the accuracy on unseen pictures that its card states', async () => {
    await using classify = await pipeline('image-classification');
    let right = 0;
    for (const [index, name] of CLASSES.entries()) {
      const seeds = Array.from({ length: PER_CLASS }, (_, i) => SPLITS.test + i);
      const pictures = await Promise.all(seeds.map((seed) => renderPixels(index, seed)));
      const answers = await classify(pictures, { topK: 1, batchSize: PER_CLASS });
      right += answers.filter(([best]) => best?.label === name).length;
    }
    const count = CLASSES.length * PER_CLASS;
    expect(Math.abs(right / count - stated.accuracy)).toBeLessThan(tolerance(count));
  }, 180_000);
});
