import { problemsTable } from '../../../lib/training/report/problems_table';

test('each with its reason, the first hundred of them', () => {
  const problems = Array.from({ length: 103 }, (_, i) => ({ path: `${i}<`, message: `why ${i}` }));
  const { text } = problemsTable(problems);
  expect(text.match(/<tr><td>/g)).toHaveLength(100);
  expect(text).toContain('<tr><td>99&lt;</td><td>why 99</td></tr>');
  expect(text).toContain('<p>And 3 others.</p>');
  expect(problemsTable(problems.slice(0, 2)).text).not.toContain('And');
});
