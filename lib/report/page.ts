// A page that needs nothing but itself: styles, charts (Chart.js) and pictures are in it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Html, json, markup } from './markup';

/** A chart as Chart.js takes it, without functions. */
export interface Chart {
  title: string;
  type: 'bar' | 'line';
  labels: (string | number)[];
  /** One value for each label. */
  values: number[];
  /** Of the values, such as 'images'. */
  unit: string;
  /** Whether bars lie down, as long labels need. */
  isHorizontal?: boolean;
}

export interface Page {
  title: string;
  /** Below the title. */
  facts: [name: string, value: string][];
  charts: Chart[];
  /** What follows, one after the other. */
  sections: { title: string; body: Html }[];
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --bar: #2f6fde; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin-top: 2rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem }
dt { opacity: .7 } dd { margin: 0; overflow-wrap: anywhere }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.5rem }
figure { margin: 0; min-width: 0 } figure > div { position: relative; height: 18rem }
figcaption { font-weight: 600; margin-bottom: .3rem }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem }
.sheet img { width: 100%; height: 8rem; object-fit: contain; background: var(--line) }
.sheet small { display: block; overflow-wrap: anywhere; opacity: .7 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .25rem .5rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; vertical-align: top }
td:first-child { min-width: 8rem }
`;

/** Draws the charts that the page has as JSON. */
const DRAW = `
const style = getComputedStyle(document.documentElement);
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
Chart.defaults.color = dark ? '#ccc' : '#444';
Chart.defaults.borderColor = '#8883';
Chart.defaults.animation = false;
for (const [at, chart] of charts.entries()) {
  const axis = chart.isHorizontal ? 'x' : 'y';
  new Chart(document.getElementById('chart' + at), {
    type: chart.type,
    data: {
      labels: chart.labels,
      datasets: [{ label: chart.unit, data: chart.values, backgroundColor: '#2f6fdecc', borderColor: '#2f6fde',
        borderWidth: chart.type === 'line' ? 2 : 0, pointRadius: chart.values.length > 60 ? 0 : 2, fill: false }],
    },
    options: {
      indexAxis: chart.isHorizontal ? 'y' : 'x', maintainAspectRatio: false,
      plugins: { legend: { display: false } },
      datasets: { bar: { maxBarThickness: 28 } },
      scales: {
        [axis]: { beginAtZero: true, title: { display: true, text: chart.unit },
          ticks: chart.type === 'bar' ? { precision: 0 } : {} },
        ...(chart.isHorizontal && { y: { ticks: { autoSkip: false } } }),
      },
    },
  });
}`;

/** The page as a text. */
export function render({ title, facts, charts, sections }: Page): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<h1>${title}</h1>
<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<div class="charts">${charts.map(figure)}</div>
${sections.map((each) => markup`<h2>${each.title}</h2>${each.body}`)}
<script>${new Html(library())}</script>
<script>const charts = ${json(charts)};${new Html(DRAW)}</script>
</body>
</html>
`.text;
}

function figure({ title }: Chart, at: number): Html {
  const canvas = markup`<canvas id="chart${at}"></canvas>`;
  return markup`<figure><figcaption>${title}</figcaption><div>${canvas}</div></figure>`;
}

/** Chart.js for a page, beside the file that Node loads. */
function library(): string {
  const file = join(dirname(require.resolve('chart.js')), 'chart.umd.min.js');
  return readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL.*$/m, '');
}
