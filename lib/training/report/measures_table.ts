// Measures of each class, label or value, as a table.
import { markup, type Html } from '../../report/markup';
import type { ClassCount } from '../data/balance';
import type { ClassMeasures } from '../evaluation/confusion';
import type { EvaluationResult } from '../evaluation/evaluation';
import type { LabelMeasures } from '../evaluation/multi_label';
import type { ValueMeasures } from '../evaluation/regression';
import { counted, digits, percent, whole } from './numbers';

/** Rows of a table. */
const MOST_ROWS = 1000;

interface Column<Row> {
  name: string;
  cell(row: Row): string;
}

/**
 * Those with the lowest F1, average precision or R² first; those of which nothing was measured last.
 * @param learned how many examples of each there were to learn from, in the order of the result; empty where that is not
 *   known.
 */
export function measuresTable(result: EvaluationResult, learned: readonly ClassCount[]): Html {
  if (result.problemType === 'regression')
    return table(ordered(result.perValue, 'r2'), VALUE_COLUMNS, 'value');
  const more = learned.length > 0 ? [LEARNED] : [];
  const withCounts = <Row>(rows: readonly Row[]) =>
    rows.map((row, i) => ({ ...row, learned: learned[i]?.count ?? 0 }));
  if (result.problemType === 'single_label_classification') {
    const columns: Column<ClassMeasures & Learned>[] = [...CLASS_COLUMNS, ...more];
    return table(ordered(withCounts(result.perClass), 'f1'), columns, 'class');
  }
  const columns: Column<LabelMeasures & Learned>[] = [AVERAGE_PRECISION, ...CLASS_COLUMNS, ...more];
  return table(ordered(withCounts(result.perClass), 'averagePrecision'), columns, 'label');
}

interface Learned {
  learned: number;
}

const LEARNED: Column<Learned> = {
  name: 'Learned from',
  cell: ({ learned }) => whole(learned),
};
const CLASS_COLUMNS: readonly Column<ClassMeasures>[] = [
  { name: 'Precision', cell: ({ precision }) => percent(precision) },
  { name: 'Recall', cell: ({ recall }) => percent(recall) },
  { name: 'F1', cell: ({ f1 }) => percent(f1) },
  { name: 'Examples', cell: ({ support }) => whole(support) },
];
const AVERAGE_PRECISION: Column<LabelMeasures> = {
  name: 'Average precision',
  cell: ({ averagePrecision }) => percent(averagePrecision),
};
const VALUE_COLUMNS: readonly Column<ValueMeasures>[] = [
  { name: 'Mean absolute error', cell: ({ mae }) => digits(mae) },
  { name: 'Root mean squared error', cell: ({ rmse }) => digits(rmse) },
  { name: 'R²', cell: ({ r2 }) => digits(r2) },
];

/** The least first, and what has none last; of equal ones as they were. */
function ordered<Key extends string, Row extends Record<Key, number | null>>(
  rows: readonly Row[],
  by: Key,
): Row[] {
  const place = (row: Row) => row[by] ?? Number.MAX_VALUE;
  return [...rows].sort((a, b) => place(a) - place(b));
}

function table<Row extends { label: string }>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  what: 'class' | 'label' | 'value',
): Html {
  const heads = columns.map(({ name }) => markup`<th class="number">${name}</th>`);
  const shown = rows.slice(0, MOST_ROWS).map((row) => {
    const cells = columns.map(({ cell }) => markup`<td class="number">${cell(row)}</td>`);
    return markup`<tr><td>${row.label}</td>${cells}</tr>\n`;
  });
  const more = rows.length - shown.length;
  const rest = more > 0 ? markup`<p>And ${counted(more, 'better one')}.</p>` : '';
  const name = what.charAt(0).toUpperCase() + what.slice(1);
  return markup`<div class="wide"><table><tr><th>${name}</th>${heads}</tr>\n${shown}</table></div>${rest}`;
}
