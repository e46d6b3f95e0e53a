import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { callThreads, openEngine, type Engine } from '../../lib/batch/engine';
import type { Picture } from '../../lib/batch/inputs/picture';
import { BitError } from '../../lib/errors';
import { HeldImage } from '../../lib/image/input';
import { pipeline } from '../../lib';
import { IMAGES } from '../support/pictures';

const MODEL = 'bit-mini-scenes';
const rgb = join(IMAGES, 'rgb.png');
const bytes = readFileSync(rgb);
const gone = new BitError('ERR_BIT_IMAGE', 'there is no such image');

async function* images(...given: Picture['image'][]): AsyncGenerator<Picture['image']> {
  for (const image of given) yield await Promise.resolve(image);
}

async function settled(engine: Engine, ...given: Picture['image'][]) {
  const outcomes = [];
  for await (const outcome of engine.settled(images(...given))) outcomes.push(outcome);
  return outcomes;
}

describe('labels', () => {
  let engine: Engine;
  beforeAll(async () => (engine = await openEngine('image-classification', MODEL, { topK: 3 })));
  afterAll(() => engine.dispose());

  test('are those that the pipeline gives, and as many as the shape says', async () => {
    const classify = await pipeline('image-classification', MODEL, { topK: 3 });
    const expected = await classify(rgb);
    await classify.dispose();
    const outcomes = await settled(
      engine,
      rgb,
      bytes,
      HeldImage.reading('r', async () => bytes),
    );
    expect(outcomes.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { result } of outcomes) expect(result).toEqual({ predictions: expected });
    expect(engine.shape).toEqual({ task: 'image-classification', width: 3 });
    expect(expected).toHaveLength(3);
    expect(engine).toMatchObject({ device: expect.any(String) as string, dtype: 'float32' });
  });

  test('pictures that cannot be read take their turn', async () => {
    const outcomes = await settled(engine, gone, rgb, '/nowhere.png', Buffer.from('text'), rgb);
    expect(outcomes.map(({ error }) => error?.code)).toEqual([
      'ERR_BIT_IMAGE',
      undefined,
      'ERR_BIT_IMAGE',
      'ERR_BIT_IMAGE',
      undefined,
    ]);
    expect(outcomes[0]?.error).toBe(gone);
    expect(outcomes[2]?.error?.message).toContain('/nowhere.png: no such file');
    expect(outcomes.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  });
});

test.each([
  [undefined, 5],
  [1, 1],
  [1000, 'all'],
])('of topK %p there are %p labels', async (topK, count) => {
  const engine = await openEngine('image-classification', MODEL, { topK });
  const classify = await pipeline('image-classification', MODEL);
  const { numLabels } = classify.model.config;
  await classify.dispose();
  const [outcome] = await settled(engine, rgb);
  const width = count === 'all' ? numLabels : Math.min(count as number, numLabels);
  expect(outcome?.result?.predictions).toHaveLength(width);
  expect(engine.shape.width).toBe(width);
  await engine.dispose();
});

test('embeddings are as long as the shape says, and those of the pooled pipeline', async () => {
  const engine = await openEngine('image-feature-extraction', MODEL, {});
  const extract = await pipeline('image-feature-extraction', MODEL);
  const expected = await extract(rgb, { pool: true });
  await extract.dispose();
  const [outcome, failed] = await settled(engine, rgb, gone);
  expect(outcome?.result?.embedding).toEqual(expected.data);
  expect(engine.shape).toEqual({
    task: 'image-feature-extraction',
    width: (expected.data as Float32Array).length,
  });
  expect(failed?.error).toBe(gone);
  await engine.dispose();
});

describe('sharp’s settings', () => {
  const threads = () => sharp.concurrency();
  beforeEach(() => void sharp.concurrency(3));

  test('are held while an engine is there, and come back', async () => {
    const engine = await openEngine('image-classification', MODEL, {});
    const other = await openEngine('image-feature-extraction', MODEL, {});
    expect(threads()).toBe(1);
    await engine.dispose();
    expect(threads()).toBe(1);
    await other.dispose();
    expect(threads()).toBe(3);
  });

  test('come back where images end with an error', async () => {
    const engine = await openEngine('image-classification', MODEL, {});
    const reason = new Error('unplugged');
    async function* failing(): AsyncGenerator<string> {
      yield await Promise.resolve(rgb);
      throw reason;
    }
    const run = async () => {
      for await (const { error } of engine.settled(failing())) expect(error).toBeUndefined();
    };
    await expect(run()).rejects.toBe(reason);
    await engine.dispose();
    expect(threads()).toBe(3);
  });

  test('are not touched where the model does not load', async () => {
    const loading = openEngine('image-classification', '/no/such/model', {});
    await expect(loading).rejects.toMatchObject({ name: 'BitError' });
    expect(threads()).toBe(3);
  });
});

test('the signal ends loading and running', async () => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await expect(openEngine('image-classification', MODEL, {}, signal)).rejects.toBe(reason);
  const controller = new AbortController();
  const engine = await openEngine('image-classification', MODEL, {}, controller.signal);
  async function* silent(): AsyncGenerator<string> {
    yield rgb;
    await new Promise(() => undefined);
  }
  const run = async () => {
    for await (const { index } of engine.settled(silent())) {
      expect(index).toBe(0);
      controller.abort(reason);
    }
  };
  await expect(run()).rejects.toBe(reason);
  await engine.dispose();
});

test.each([
  [1, 1],
  [2, 1],
  [8, 1],
  [16, 2],
  [32, 4],
  [192, 4],
])('of %i cores a call has %i', (cores, threads) => expect(callThreads(cores)).toBe(threads));
