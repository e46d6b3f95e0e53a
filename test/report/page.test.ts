import { runInNewContext } from 'node:vm';
import { markup } from '../../lib/report/markup';
import { render, type Chart, type Series } from '../../lib/report/page';

const page = render({
  title: '</title><script>alert(1)</script>',
  facts: [['Rows', '<3']],
  charts: [
    {
      title: 'A & B',
      type: 'bar',
      labels: ['</script>'],
      series: [{ name: 'images', values: [1] }],
      unit: 'images',
    },
    {
      title: 'C',
      type: 'line',
      labels: [1, 2],
      series: [{ name: 'images/s', values: [3, null] }],
      unit: 'images/s',
    },
  ],
  sections: [{ title: 'More', body: markup`<p>${'<i>'}</p>` }],
});

test('nothing is fetched from elsewhere', () => {
  const own = page.replace(/<script>[^]*?<\/script>/g, '');
  expect(own).not.toMatch(/(src|href)\s*=|url\(|@import/);
  expect(page).not.toContain('sourceMappingURL');
});

test('text is text, in the charts too', () => {
  expect(page).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>');
  expect(page).toContain('<dt>Rows</dt><dd>&lt;3</dd>');
  expect(page).toContain('<p>&lt;i&gt;</p>');
  expect(page).toContain(String.raw`"labels":["\u003c/script\u003e"]`);
  expect(page.match(/<\/script>/g)).toHaveLength(2);
});

test('there is a place for each chart', () => {
  expect(page.match(/<canvas id="chart\d"/g)).toEqual([
    '<canvas id="chart0"',
    '<canvas id="chart1"',
  ]);
  expect(page).toContain('<figcaption>A &amp; B</figcaption>');
});

interface Drawn {
  type: string;
  data: { labels: unknown[]; datasets: Record<string, unknown>[] };
  options: { indexAxis: string; plugins: unknown; scales: Record<string, unknown> };
}

/** What the page's own script asks Chart.js for. */
function drawn(charts: Chart[], dark = false): Drawn[] {
  const html = render({ title: '', facts: [], charts, sections: [] });
  const script = /<script>(const charts = [^]*?)<\/script>/.exec(html)?.[1] ?? '';
  const asked: Drawn[] = [];
  const fake = function (id: string, config: Drawn) {
    expect(id).toBe(`chart${asked.length}`);
    asked.push(config);
  };
  runInNewContext(script, {
    Chart: Object.assign(fake, { defaults: {} }),
    matchMedia: () => ({ matches: dark }),
    document: { getElementById: (id: string) => id },
  });
  return JSON.parse(JSON.stringify(asked)) as Drawn[];
}

test('several series differ in colour, dashes and points, and have a legend', () => {
  const names = ['a', 'b', 'c', 'd'];
  const series = names.map((name, i) => ({ name, values: [i, i] }));
  const [chart] = drawn([{ title: '', type: 'line', labels: [1, 2], series, unit: 'loss' }]);
  const datasets = chart?.data.datasets ?? [];
  expect(datasets.map(({ label }) => label)).toEqual(names);
  for (const look of ['borderColor', 'borderDash', 'pointStyle'])
    expect(new Set(datasets.map((each) => JSON.stringify(each[look]))).size).toBe(4);
  expect(chart?.options.plugins).toMatchObject({ legend: { display: true } });
});

test('one series has none', () => {
  const series = [{ name: 'a', values: [1] }];
  const [chart] = drawn([
    { title: '', type: 'bar', labels: ['x'], series, unit: 'images', isHorizontal: true },
  ]);
  expect(chart).toMatchObject({ type: 'bar', data: { labels: ['x'] } });
  expect(chart?.options).toMatchObject({
    indexAxis: 'y',
    plugins: { legend: { display: false } },
    scales: {
      x: { beginAtZero: true, title: { text: 'images' }, ticks: { precision: 0 } },
      y: { ticks: { autoSkip: false }, title: { display: false } },
    },
  });
});

test('lines may be to scale, between the ends of a range', () => {
  const series = [{ name: 'a', values: [0.5, null, 0.75] }];
  const labels = [10, 15, 40];
  const range: [number, number] = [0, 1];
  const [chart] = drawn([
    {
      title: '',
      type: 'line',
      labels,
      series,
      unit: '',
      range,
      labelUnit: 'step',
      isToScale: true,
    },
  ]);
  expect(chart?.data.datasets[0]?.['data']).toEqual([
    { x: 10, y: 0.5 },
    { x: 40, y: 0.75 },
  ]);
  expect(chart?.options.scales).toMatchObject({
    y: { min: 0, max: 1 },
    x: { type: 'linear', title: { display: true, text: 'step' } },
  });
});

test.each([
  [false, '#444444'],
  [true, '#cccccc'],
])('a guide is a dotted line over the bars, in the colour of text (dark: %p)', (dark, color) => {
  const series: Series[] = [
    { name: 'bars', values: [1] },
    { name: 'guide', type: 'line', isGuide: true, values: [2] },
  ];
  const [chart] = drawn([{ title: '', type: 'bar', labels: ['x'], series, unit: '' }], dark);
  expect(chart?.data.datasets[0]).toMatchObject({ type: 'bar', order: 0, borderWidth: 0 });
  expect(chart?.data.datasets[1]).toMatchObject({
    ...{ type: 'line', order: -1, borderWidth: 2, pointRadius: 0, borderColor: color },
  });
});

test('sections may bring a style of their own', () => {
  const html = render({ title: '', facts: [], charts: [], sections: [], style: '.own { top: 0 }' });
  expect(html).toMatch(/<style>[^<]*\.own \{ top: 0 \}<\/style>/);
});
