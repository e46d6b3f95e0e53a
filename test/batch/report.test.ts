import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batch, type BatchJobOptions } from '../../lib';
import { ROOT } from '../support/child';
import { temporaryFolder } from '../support/jobs';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  cpSync(join(ROOT, 'examples', 'pictures'), join(folder, 'pictures'), { recursive: true });
  writeFileSync(join(folder, 'pictures', '<b>broken.png'), 'text');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Charts {
  title: string;
  labels: string[];
  series: { values: number[] }[];
}

async function report(options: Partial<BatchJobOptions> = {}) {
  const output = join(folder, 'out');
  const inputs = join(folder, 'pictures');
  const best: string[] = [];
  for await (const row of batch({ inputs, output, partSize: 2, report: true, ...options }))
    if ('predictions' in row) best.push(row.predictions?.[0]?.label ?? '');
  const page = readFileSync(join(output, '_report.html'), 'utf8');
  const [, charts = ''] = /const charts = (.*?\]);/.exec(page) ?? [];
  return { page, charts: JSON.parse(charts) as Charts[], best: best.sort() };
}

test('shows rates, scores, labels and errors', async () => {
  const { page, charts, best } = await report();
  expect(best).toEqual(expect.arrayContaining(['boat', 'cat']));
  expect(charts.map(({ title }) => title)).toEqual([
    'Images a second, over time',
    'Score of the best label',
    'Labels',
    'Errors',
  ]);
  const [, scores, labels, errors] = charts;
  expect(scores?.series[0]?.values.reduce((a, b) => a + b)).toBe(3);
  expect(labels?.labels.sort()).toEqual(best);
  expect(errors?.series[0]?.values).toEqual([1]);
  expect(page).toContain('<dd>4, 1 of them errors</dd>');
  expect(page).toContain('&lt;b&gt;broken.png');
});

test('shows pictures as they are seen, small', async () => {
  const { page, best } = await report();
  expect(best).toHaveLength(3);
  const sources = [...page.matchAll(/<img src="data:image\/jpeg;base64,([^"]*)" alt="(\w*)">/g)];
  expect(sources.map(([, , label]) => label).sort()).toEqual(best);
  for (const [, text = ''] of sources)
    expect(Buffer.from(text, 'base64').length).toBeLessThan(20_000);
});

test('of embeddings there are no labels', async () => {
  const { charts } = await report({ task: 'image-feature-extraction' });
  expect(charts.map(({ title }) => title)).toEqual(['Images a second, over time', 'Errors']);
});

test('an empty job has a page too', async () => {
  mkdirSync(join(folder, 'none'));
  const { page, charts } = await report({ inputs: [] });
  expect(charts).toEqual([]);
  expect(page).toContain('<dd>0, 0 of them errors</dd>');
});
