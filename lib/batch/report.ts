// What a job did, as a page: how fast, what went wrong, what was seen.
import { HeldImage } from '../image/input';
import { thumbnailUrl } from '../image/thumbnail';
import { markup, type Html } from '../report/markup';
import { render, type Chart, type Page } from '../report/page';
import type { DonePart } from './job/done';
import type { Job } from './job/journal';
import { REPORT } from './job/own_files';
import { sumOf } from './job/manifest';
import { addUp, SCORE_BINS, type Sample, type Tally } from './job/tally';
import type { Store } from './store/store';

/** Pictures of the contact sheet, and their longer side. */
const MOST_PICTURES = 48;
const SIDE = 160;
const MOST_PROBLEMS = 50;
const MOST_BARS = 20;
/** Of a bar's label. */
const MOST_LETTERS = 38;
/** Points of the chart over time. */
const MOST_POINTS = 120;
/** A picture that takes longer is left out. */
const PATIENCE_MS = 10_000;

/** Writes the page beside the rows, of these parts. */
export async function writeReport(
  store: Store,
  job: Job,
  parts: DonePart[],
  signal?: AbortSignal,
): Promise<void> {
  await store.replace(REPORT, await reportOf(job, parts, signal));
}

/** A whole HTML document of these parts, which reads the pictures that it shows. */
export async function reportOf(job: Job, parts: DonePart[], signal?: AbortSignal): Promise<string> {
  const tally = addUp(parts.map((part) => part.tally));
  const isClassifier = job.settings.task === 'image-classification';
  const charts = [
    throughput(parts),
    ...(isClassifier ? [scores(tally), bars('Labels', 'images', tally.labels)] : []),
    bars('Errors', 'images', tally.reasons),
  ].filter(({ series }) => series.some(({ values }) => values.some((value) => Number(value) > 0)));
  const sections: Page['sections'] = [];
  const drawn = evenly(tally.samples.filter(isResult), MOST_PICTURES);
  const pictures = await contactSheet(drawn, signal);
  if (drawn.length > 0)
    sections.push({
      title: 'Some of the pictures',
      body: markup`<p>${aboutSheet(pictures.length, drawn.length)}</p><div class="sheet">${pictures}</div>`,
    });
  const problems = evenly(
    tally.samples.filter((each) => !isResult(each)),
    MOST_PROBLEMS,
  );
  if (problems.length > 0) sections.push({ title: 'Some of the errors', body: table(problems) });
  return render({ title: titleOf(job), facts: factsOf(job, parts), charts, sections });
}

const isResult = ({ problem }: Sample) => problem === undefined;

const titleOf = ({ settings }: Job) =>
  `${settings.task === 'image-classification' ? 'Labels' : 'Embeddings'} by ${settings.model.source}`;

function factsOf({ settings, plan, created }: Job, parts: DonePart[]): Page['facts'] {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const errors = Object.values(sumOf(parts.map((part) => part.errors))).reduce((a, b) => a + b, 0);
  const last =
    parts
      .map(({ finished }) => finished)
      .sort()
      .at(-1) ?? created;
  const { revision } = settings.model;
  return [
    ['Rows', `${rows.toLocaleString('en')}, ${errors.toLocaleString('en')} of them errors`],
    ['Parts', `${parts.length} of ${plan.parts.length}`],
    ['Begun', created],
    ['Last part', last],
    [
      'Model',
      revision === null ? settings.model.source : `${settings.model.source} at ${revision}`,
    ],
    ['Options', optionsInWords(settings.options)],
    ['Workers', [...new Set(parts.map(({ worker }) => worker))].join(', ')],
  ];
}

function optionsInWords(options: Record<string, unknown>): string {
  const words = Object.entries(options).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return words.join(', ') || 'none but the defaults';
}

const aboutSheet = (shown: number, drawn: number) =>
  'Drawn at random, as the network is given them: what is transparent shows the colour below.' +
  (shown === drawn
    ? ''
    : ` Of ${drawn} that were drawn, ${drawn - shown} cannot be shown: they are in shards, or are not to be read from here.`);

/** Rows a second, over the time that the parts took; nothing where nobody was at work. */
function throughput(parts: DonePart[]): Chart {
  const spans = parts.map(({ finished, seconds, rows }) => {
    const end = Date.parse(finished) / 1000;
    return { begin: end - seconds, end, rate: rows / Math.max(seconds, 1e-3) };
  });
  const begin = Math.min(...spans.map((span) => span.begin));
  const end = Math.max(...spans.map((span) => span.end));
  const points = Math.min(MOST_POINTS, Math.max(spans.length, 1));
  const step = (end - begin) / points;
  const rateIn = (from: number) =>
    spans.reduce((sum, span) => {
      const shared = Math.min(span.end, from + step) - Math.max(span.begin, from);
      return shared > 0 ? sum + (span.rate * shared) / step : sum;
    }, 0);
  const starts = Array.from({ length: spans.length > 0 ? points : 0 }, (_, i) => begin + i * step);
  return {
    title: 'Images a second, over time',
    type: 'line',
    labels: starts.map((start) =>
      new Date(1000 * start).toISOString().slice(5, 19).replace('T', ' '),
    ),
    series: [
      {
        name: 'images/s',
        values: starts.map((start) => Number(rateIn(start).toPrecision(4))),
      },
    ],
    unit: 'images/s',
  };
}

function scores({ scores: values }: Tally): Chart {
  const labels = values.map((_, bin) => `${((100 * bin) / SCORE_BINS).toFixed(0)} %`);
  const series = [{ name: 'images', values }];
  return { title: 'Score of the best label', type: 'bar', labels, series, unit: 'images' };
}

/** The most frequent ones; the others together. */
function bars(title: string, unit: string, counts: Record<string, number>): Chart {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, MOST_BARS);
  const rest = sorted.slice(MOST_BARS);
  if (rest.length > 0)
    shown.push([`${rest.length} others`, rest.reduce((sum, [, times]) => sum + times, 0)]);
  return {
    title,
    type: 'bar',
    labels: shown.map(([name]) =>
      name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS)}…` : name,
    ),
    series: [{ name: unit, values: shown.map(([, times]) => times) }],
    unit,
    isHorizontal: true,
  };
}

/** So many of them at most, from the first to the last. */
function evenly<T>(values: T[], most: number): T[] {
  const step = Math.max(1, values.length / most);
  return values.filter(
    (_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step) || at === 0,
  );
}

/** Those that can be read by their paths: what is in a shard has none. */
async function contactSheet(samples: Sample[], signal?: AbortSignal): Promise<Html[]> {
  const shown: Html[] = [];
  for (const sample of samples) {
    const source = await thumbnail(sample.path, signal);
    if (source === null) continue;
    const { label, score, path } = sample;
    const words =
      label === undefined ? '' : `${label}${score === undefined ? '' : ` ${score.toFixed(3)}`}`;
    shown.push(
      markup`<div><img src="${source}" alt="${label ?? ''}">${words}<small>${path}</small></div>`,
    );
  }
  return shown;
}

/** A data: URL; null for what cannot be shown. */
async function thumbnail(path: string, signal?: AbortSignal): Promise<string | null> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const bounds = {
    signal: signal ? AbortSignal.any([signal, patience]) : patience,
    timeoutMs: PATIENCE_MS,
  };
  try {
    return await thumbnailUrl(HeldImage.of(path), SIDE, bounds);
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}

function table(problems: Sample[]): Html {
  const row = ({ path, problem }: Sample) => markup`<tr><td>${path}</td><td>${problem}</td></tr>`;
  const names = markup`<tr><th>Input</th><th>What is wrong</th></tr>`;
  return markup`<table>${names}${problems.map(row)}</table>`;
}
