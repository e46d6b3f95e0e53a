import { markup } from '../../lib/report/markup';
import { render } from '../../lib/report/page';

const page = render({
  title: '</title><script>alert(1)</script>',
  facts: [['Rows', '<3']],
  charts: [
    { title: 'A & B', type: 'bar', labels: ['</script>'], values: [1], unit: 'images' },
    { title: 'C', type: 'line', labels: [1, 2], values: [3, 4], unit: 'images/s' },
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
