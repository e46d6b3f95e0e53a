// A page that needs nothing but itself: styles, charts (Chart.js) and pictures are in it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Html, json, markup } from './markup';

/** Values of a chart that belong together. */
export interface Series {
  /** In the legend, which charts of several have. */
  name: string;
  /** One for each label; null where there is none. */
  values: (number | null)[];
  /** Where it is not drawn as the chart is. */
  type?: 'line';
  /** Whether the others are measured by it: it is dotted, without points. */
  isGuide?: boolean;
}

/** A chart as Chart.js takes it, without functions. */
export interface Chart {
  title: string;
  type: 'bar' | 'line';
  labels: (string | number)[];
  /** Two more than four look alike. */
  series: Series[];
  /** Of the values, such as 'images'. */
  unit: string;
  /** Of the labels, such as 'step'. */
  labelUnit?: string;
  /** Whether labels are numbers that lie as far apart as they are; of lines. */
  isToScale?: boolean;
  /** Both ends of the values' axis; it begins at 0 otherwise, and ends where they do. */
  range?: [low: number, high: number];
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
  /** CSS of what the sections have of their own. */
  style?: string;
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

/**
 * Draws the charts that the page has as JSON. Series are told apart by dashes and points as well as by colours, which are
 * far enough from each other for eyes of all kinds, and from black and from white.
 */
const DRAW = `
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
Chart.defaults.color = dark ? '#cccccc' : '#444444';
Chart.defaults.borderColor = '#8883';
Chart.defaults.animation = false;
const looks = [['#2f6fde', [], 'circle'], ['#cc7700', [6, 3], 'triangle'], ['#0a9e78', [2, 2], 'rect'],
  ['#c2569b', [8, 3, 2, 3], 'rectRot']];
for (const [at, chart] of charts.entries()) {
  const [along, across] = chart.isHorizontal ? ['x', 'y'] : ['y', 'x'];
  const [low, high] = chart.range ?? [];
  const areSeveral = chart.series.length > 1;
  const datasets = chart.series.map((series, i) => {
    const [color, dash, point] = series.isGuide ? [Chart.defaults.color, [2, 3], 'line'] : looks[i % looks.length];
    const type = series.type ?? chart.type;
    const points = series.values.map((y, j) => ({ x: chart.labels[j], y })).filter(({ y }) => y !== null);
    const isSparse = points.length <= (areSeveral ? 25 : 60);
    return { type, label: series.name, data: chart.isToScale ? points : series.values, spanGaps: true, clip: false,
      order: series.isGuide ? -1 : i,
      backgroundColor: color + 'cc', borderColor: color, borderDash: dash, pointStyle: point, fill: false,
      borderWidth: type === 'line' ? 2 : 0, pointRadius: isSparse && !series.isGuide ? (areSeveral ? 4 : 2) : 0 };
  });
  new Chart(document.getElementById('chart' + at), {
    type: chart.type,
    data: { labels: chart.labels, datasets },
    options: {
      indexAxis: across, maintainAspectRatio: false,
      plugins: { legend: { display: areSeveral, labels: { usePointStyle: true } } },
      datasets: { bar: { maxBarThickness: 28 } },
      scales: {
        [along]: { beginAtZero: true, min: low, max: high, title: { display: true, text: chart.unit },
          ticks: chart.type === 'bar' && !chart.range ? { precision: 0 } : {} },
        [across]: { ...(chart.isToScale && { type: 'linear' }),
          title: { display: chart.labelUnit !== undefined, text: chart.labelUnit },
          ticks: chart.isHorizontal ? { autoSkip: false } : {} },
      },
    },
  });
}`;

/** The page as a text. */
export function render({ title, facts, charts, sections, style = '' }: Page): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE + style)}</style>
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
  const canvas = markup`<canvas id="chart${at}" role="img" aria-label="${title}"></canvas>`;
  return markup`<figure><figcaption>${title}</figcaption><div>${canvas}</div></figure>`;
}

/** Chart.js for a page, beside the file that Node loads. */
function library(): string {
  const file = join(dirname(require.resolve('chart.js')), 'chart.umd.min.js');
  return readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL.*$/m, '');
}
