import fc from 'fast-check';
import { Html, json, markup } from '../../lib/report/markup';

test('text is escaped, markup stays, lists are joined', () => {
  const items = ['<b>', `"'&`].map((each) => markup`<li>${each}</li>`);
  expect(markup`<ul>${items}</ul>${1}`.text).toBe(
    '<ul><li>&lt;b&gt;</li><li>&quot;&#39;&amp;</li></ul>1',
  );
  expect(markup`${new Html('<br>')}`.text).toBe('<br>');
});

test('no text can leave its place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(markup`${text}`.text).not.toMatch(/[<>"']/);
      expect(json({ text }).text).not.toMatch(/[<>\u2028\u2029]/);
      expect(JSON.parse(json({ text }).text)).toEqual({ text });
    }),
  );
});
