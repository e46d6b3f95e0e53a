import { Confusion } from '../../../lib/training/evaluation/confusion';
import type { SingleLabelResult } from '../../../lib/training/evaluation/single_label';
import { confusionTable } from '../../../lib/training/report/confusion_table';

const named = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

/** @param counts [what they are, what they were taken for, how many]. */
function tableOf(labels: string[], counts: [number, number, number][]): string {
  const confusion = new Confusion(labels);
  for (const [target, predicted, count] of counts)
    for (let i = 0; i < count; i++) confusion.add(target, predicted);
  const result = { perClass: confusion.perClass(), confusion: confusion.counted() };
  return confusionTable(result as SingleLabelResult).text;
}

const cells = (html: string) =>
  [...html.matchAll(/<td( class="is")?(?: style="--a:([\d.]+)" title="([^"]*)")?>(\d*)<\/td>/g)]
    .slice(1) // of the corner
    .map(([, is, alpha, title, text]) => ({ is: is !== undefined, alpha, title, text }));

test('few classes: counts in colours, by the share of the row', () => {
  const html = tableOf(
    ['a', 'b'],
    [
      [0, 0, 3],
      [0, 1, 1],
      [1, 1, 5],
    ],
  );
  expect(cells(html)).toEqual([
    { is: true, alpha: '0.56', title: 'a taken for a: 3 of 4', text: '3' }, // 0.65 √(3/4)
    { is: false, alpha: '0.33', title: 'a taken for b: 1 of 4', text: '1' },
    { is: false, alpha: undefined, title: undefined, text: '' },
    { is: true, alpha: '0.65', title: 'b taken for b: 5 of 5', text: '5' },
  ]);
  expect(html).not.toContain('Taken for others');
});

test('a hundred classes: small cells, and the pairs that are confused most', () => {
  const html = tableOf(named(100), [
    [3, 4, 2],
    [3, 3, 2],
    [7, 1, 3],
    [99, 0, 1],
  ]);
  expect(html).toContain('<table class="small">');
  expect(html.match(/<tr><th scope="row"/g)).toHaveLength(100);
  expect(html).toContain('<td style="--a:0.71" title="c3 taken for c4: 2 of 4"></td>');
  const pairs = [...html.matchAll(/<tr><td>(\w+)<\/td><td>(\w+)<\/td>\s*<td[^>]*>(\d+)<\/td>/g)];
  expect(pairs.map(([, ...pair]) => pair)).toEqual([
    ['c7', 'c1', '3'],
    ['c3', 'c4', '2'],
    ['c99', 'c0', '1'],
  ]);
  expect(html).toContain('50.0 %');
  expect(html.length).toBeLessThan(200_000);
});

test('more classes: twenty pairs at most, and no matrix', () => {
  const html = tableOf(
    named(500),
    Array.from({ length: 60 }, (_, i) => [i, i + 1, 1]),
  );
  expect(html).not.toContain('class="matrix"');
  expect(html.match(/<tr><td>/g)).toHaveLength(20);
});

test('without a mistake it says so', () => {
  expect(tableOf(named(200), [[5, 5, 4]])).toBe('<p>No class was taken for another.</p>');
});

test('labels are text', () => {
  expect(tableOf(['<b>', '"'], [[0, 1, 1]])).not.toMatch(/<b>|"""/);
});
