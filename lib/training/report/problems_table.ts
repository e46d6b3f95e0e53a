// What of the data was left out, and why.
import { markup, type Html } from '../../report/markup';
import type { DatasetProblem } from '../data/dataset';
import { counted } from './numbers';

/** Rows of the table. */
const MOST_ROWS = 100;

/** The first ones. */
export function problemsTable(problems: readonly DatasetProblem[]): Html {
  const rows = problems
    .slice(0, MOST_ROWS)
    .map(({ path, message }) => markup`<tr><td>${path}</td><td>${message}</td></tr>\n`);
  const more = problems.length - rows.length;
  const rest = more > 0 ? markup`<p>And ${counted(more, 'other')}.</p>` : '';
  return markup`<table><tr><th>Example</th><th>Why</th></tr>\n${rows}</table>${rest}`;
}
