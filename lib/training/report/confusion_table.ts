// Which classes were taken for which, as a table in colours.
import { Html, markup } from '../../report/markup';
import type { ClassMeasures } from '../evaluation/confusion';
import type { SingleLabelResult } from '../evaluation/single_label';
import { percent, whole } from './numbers';

/** Classes whose counts are written into the cells: of more there is no room. */
const MOST_WRITTEN = 25;
/** Classes of a table in which the most confused pairs are easily seen. */
const MOST_PLAIN = 8;
const MOST_PAIRS = 20;
/** Opacity of the strongest colour: text on it is read both in the light and in the dark. */
const STRONGEST = 0.65;

/** What the table looks like. */
export const CONFUSION_STYLE = `
.matrix { overflow-x: auto }
.matrix table { width: auto; font-size: .85rem; --right: 47 111 222; --wrong: 204 119 0 }
.matrix th { font-weight: 400; border: 0; max-width: min(14rem, 25vw); overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.matrix tbody th { text-align: right }
.matrix thead td { border: 0 } .matrix thead th { vertical-align: bottom; padding: .25rem 0 }
.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9rem; overflow: hidden;
  text-overflow: ellipsis }
.matrix td { border: 1px solid var(--line); min-width: 2.2rem; text-align: right; background: rgb(var(--wrong) / var(--a, 0));
  font-variant-numeric: tabular-nums }
.matrix td.is { background: rgb(var(--right) / var(--a, 0)) }
.matrix .small { font-size: .53rem; line-height: 1 }
.matrix .small td { min-width: .53rem; width: .53rem; height: .53rem; padding: 0 } .matrix .small th { padding: 0 .3rem 0 0 }
.matrix .small thead th { padding: 0 0 .2rem }
`;

/** The matrix of up to a hundred classes, and the pairs that are confused most often. */
export function confusionTable({ confusion, perClass }: SingleLabelResult): Html {
  const labels = perClass.map(({ label }) => label);
  const { matrix } = confusion;
  const cells = matrix ? cellsOf(matrix) : (confusion.cells as Cell[]);
  const shown = matrix ? matrixOf(matrix, labels) : '';
  return markup`${shown}${matrix && labels.length <= MOST_PLAIN ? '' : pairs(cells, perClass)}`;
}

/** As a result has them. */
type Cell = [target: number, predicted: number, count: number];

const cellsOf = (matrix: readonly number[][]) =>
  matrix.flatMap((counts, target) =>
    counts.map((count, predicted): Cell => [target, predicted, count]),
  );

function matrixOf(matrix: readonly number[][], labels: readonly string[]): Html {
  const isSmall = labels.length > MOST_WRITTEN;
  const head = labels.map(
    (label) => markup`<th scope="col" title="${label}"><span>${label}</span></th>`,
  );
  const rows = matrix.map((counts, target) => rowOf(counts, target, labels, isSmall));
  const kind = new Html(isSmall ? ' class="small"' : '');
  return markup`<p>A row for each class and a column for what it was taken for. The stronger a colour, the larger the share
of the row: blue is right, orange is wrong.${isSmall ? ' The numbers are shown where the pointer rests.' : ''}</p>
<div class="matrix"><table${kind}><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function rowOf(
  counts: readonly number[],
  target: number,
  labels: readonly string[],
  isSmall: boolean,
): Html {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const cells = counts.map((count, predicted) => {
    if (count === 0) return new Html('<td></td>');
    const kind = new Html(target === predicted ? ' class="is"' : '');
    const words = `${labels[target]} taken for ${labels[predicted]}: ${whole(count)} of ${whole(all)}`;
    // The root: one of twenty is seen too.
    const alpha = ((isSmall ? 1 : STRONGEST) * Math.sqrt(count / all)).toFixed(2);
    const text = isSmall ? '' : whole(count);
    return markup`<td${kind} style="--a:${alpha}" title="${words}">${text}</td>`;
  });
  const label = labels[target] as string;
  return markup`<tr><th scope="row" title="${label}">${label}</th>${cells}</tr>\n`;
}

function pairs(cells: readonly Cell[], perClass: SingleLabelResult['perClass']): Html {
  const most = cells
    .filter(([target, predicted, count]) => target !== predicted && count > 0)
    .sort((a, b) => b[2] - a[2])
    .slice(0, MOST_PAIRS);
  if (most.length === 0) return markup`<p>No class was taken for another.</p>`;
  const labelOf = (index: number) => (perClass[index] as ClassMeasures).label;
  const rows = most.map(([target, predicted, count]) => {
    const share = percent(count / (perClass[target] as ClassMeasures).support);
    return markup`<tr><td>${labelOf(target)}</td><td>${labelOf(predicted)}</td>
<td class="number">${whole(count)}</td><td class="number">${share}</td></tr>\n`;
  });
  return markup`<h3>Taken for others most often</h3>
<div class="wide"><table><tr><th>Class</th><th>Taken for</th><th class="number">Examples</th><th class="number">Of the class</th></tr>
${rows}</table></div>`;
}
