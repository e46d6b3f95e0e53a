// Pictures of mistakes, against what classActivationMap() itself gives of them.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  BitForImageClassification,
  BitImageProcessor,
  classActivationMap,
  type Example,
} from '../../../lib';
import { Evaluation } from '../../../lib/training/evaluation/evaluation';
import type { Evaluated } from '../../../lib/training/evaluation/run';
import { mistakesOf, type MistakeOptions } from '../../../lib/training/report/mistakes';
import { temporaryFolder } from '../../support/temporary';
import { stripes, tinyModel } from '../../support/training';

const folder = temporaryFolder();
const SIDE = 224;
let evaluated: Evaluated;
let paths: string[];
let labels: string[];
/** The class that the model takes each picture for, and another one. */
let said: number[];
const other = (index: number) => (index + 1) % labels.length;

beforeAll(async () => {
  const source = await tinyModel(folder);
  const data = stripes(folder, { a: 14, b: 14 });
  paths = ['a', 'b'].flatMap((label) =>
    Array.from({ length: 14 }, (_, i) => join(data, label, `${String(i).padStart(3, '0')}.ppm`)),
  );
  const model = await BitForImageClassification.fromPretrained(source);
  const processor = await BitImageProcessor.fromPretrained(source);
  evaluated = { model, processor };
  labels = Object.values(model.config.id2label);
  const { targets } = await classActivationMap(model, paths, { processor });
  said = targets.map(([best]) => best!.index);
});
afterAll(() => evaluated.model.dispose());

const examplesOf = (some: string[]): Example[] =>
  some.map((path) => ({ path, image: path, target: 0 }));
const scoresFor = (index: number, score: number) =>
  labels.map((_, i) => (i === index ? score : (1 - score) / (labels.length - 1)));

/** Pictures that are taken for what the model says, but are something else. */
function mistaken(some: string[]) {
  const evaluation = new Evaluation('single_label_classification', labels);
  some.forEach((path, i) => {
    const index = said[paths.indexOf(path)] as number;
    evaluation.add({ path, target: other(index), scores: scoresFor(index, 0.9 - i / 100) });
  });
  return evaluation.result();
}

async function shown(
  result: Parameters<typeof mistakesOf>[0],
  examples: Example[],
  options: MistakeOptions = {},
) {
  const html = (await mistakesOf(result, examples, evaluated, options))?.text ?? '';
  return {
    html,
    figures: [...html.matchAll(/<figure>([^]*?)<\/figure>/g)].map(([, text]) => text!),
  };
}

async function pictures(figure: string) {
  const sources = [...figure.matchAll(/src="data:image\/jpeg;base64,([^"]+)"/g)];
  return Promise.all(
    sources.map(([, text]) => sharp(Buffer.from(text!, 'base64')).raw().toBuffer()),
  );
}

/** Mean distance of two pictures' pixels. */
const apart = (a: Uint8Array, b: Uint8Array) => {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
};
const overlayOf = async (path: string, target?: number) => {
  const { processor, model } = evaluated;
  const maps = await classActivationMap(model, path, { processor, target });
  return (await maps.overlayPixels(0, { maxSide: SIDE })).data as Uint8Array;
};

test('a picture, and in it what spoke for what it was taken for', async () => {
  const [path] = paths as [string];
  const index = said[0]!;
  const { html, figures } = await shown(mistaken([path]), examplesOf([path]));
  expect(figures).toHaveLength(1);
  expect(html).toContain(
    `<b>${labels[index]}</b> 90.0 %, but is <b>${labels[other(index)]}</b><small>${path}</small>`,
  );
  const [whole, map] = await pictures(figures[0]!);
  expect(
    apart(
      whole!,
      await sharp(await pngOf(path))
        .raw()
        .toBuffer(),
    ),
  ).toBeLessThan(4);
  const expected = apart(map!, await overlayOf(path));
  expect(expected).toBeLessThan(4);
  expect(expected).toBeLessThan(apart(map!, await overlayOf(path, other(index))));
});

test('of several labels the one that was said wrongly is explained', async () => {
  const [path] = paths as [string];
  const wrong = other(said[0]!); // not the best one
  const evaluation = new Evaluation('multi_label_classification', labels);
  evaluation.add({
    path,
    target: labels.map((_, i) => (i === wrong ? 0 : 1)),
    scores: labels.map(() => 0.75),
  });
  const { html, figures } = await shown(evaluation.result(), examplesOf([path]));
  const has = labels.filter((_, i) => i !== wrong).join(', ');
  expect(html).toContain(`<b>${labels[wrong]}</b> 75.0 %, but is <b>${has}</b>`);
  const [, map] = await pictures(figures[0]!);
  const expected = apart(map!, await overlayOf(path, wrong));
  expect(expected).toBeLessThan(4);
  expect(expected).toBeLessThan(apart(map!, await overlayOf(path)));
});

test('of several values the one that is farthest off', async () => {
  const [path] = paths as [string];
  const evaluation = new Evaluation('regression', labels);
  const scores = labels.map((_, i) => (i === 1 ? 7 : 1));
  evaluation.add({ path, target: labels.map(() => 1), scores });
  const { html, figures } = await shown(evaluation.result(), examplesOf([path]));
  expect(html).toContain(
    `<b>${labels[1]}: 7</b>, but is\n<b>1</b>; all values are off by 2 on average`,
  );
  expect(html).toContain('red is what made the value larger');
  const [, map] = await pictures(figures[0]!);
  expect(apart(map!, await overlayOf(path, 1))).toBeLessThan(4);
});

test('twenty-four at most', async () => {
  const { html, figures } = await shown(mistaken(paths), examplesOf(paths));
  expect(figures).toHaveLength(24);
  expect(html).toContain('Of 28 that are known, 24 are shown.');
  expect(html.length).toBeLessThan(1_000_000);
});

test('without mistakes there is nothing', async () => {
  const none = new Evaluation('regression', labels).result();
  expect(await mistakesOf(none, [], evaluated, {})).toBeNull();
});

test('what cannot be shown any more is told with its reason', async () => {
  const [gone, changed, kept, foreign] = ['gone', 'changed', 'kept', 'foreign'].map((name) =>
    join(folder, `${name}.ppm`),
  ) as [string, string, string, string];
  for (const path of [gone, changed, kept]) writeFileSync(path, await pngOf(paths[0]!));
  const evaluation = new Evaluation('single_label_classification', labels);
  const index = said[0]!;
  for (const path of [gone, kept, foreign])
    evaluation.add({ path, target: other(index), scores: scoresFor(index, 0.9) });
  const wrong = scoresFor(other(index), 0.8);
  evaluation.add({ path: changed, target: index, scores: wrong });
  rmSync(gone);
  const { html, figures } = await shown(evaluation.result(), examplesOf([gone, changed, kept]));
  expect(figures).toHaveLength(1);
  expect(figures[0]).toContain(kept);
  expect(html).toContain('3 mistakes cannot be shown any more:');
  const rows = [...html.matchAll(/<tr><td>(.*?)<\/td><td>.*?<\/td><td>(.*?)<\/td><\/tr>/g)];
  expect(Object.fromEntries(rows.map(([, path, why]) => [path, why]))).toEqual({
    [gone]: expect.stringContaining('no such file') as string,
    [foreign]: 'it is not in the data',
    [changed]: `it is taken for ${labels[index]} by now`,
  });
});

test('its signal ends it', async () => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  const result = mistaken(paths);
  await expect(mistakesOf(result, examplesOf(paths), evaluated, { signal })).rejects.toBe(reason);
});

/** The same picture in a format that sharp reads everywhere. */
function pngOf(path: string): Promise<Buffer> {
  const data = readFileSync(path);
  const [, width, height] = /^P6 (\d+) (\d+) 255\n/.exec(data.toString('latin1'))!;
  const raw = { width: Number(width), height: Number(height), channels: 3 as const };
  return sharp(data.subarray(data.length - 3 * raw.width * raw.height), { raw })
    .png()
    .toBuffer();
}
