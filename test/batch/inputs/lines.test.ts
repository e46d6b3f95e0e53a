import fc from 'fast-check';
import { linesOf } from '../../../lib/batch/inputs/lines';

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

const linesIn = (text: string, size = 3) => all(linesOf(pieces(Buffer.from(text), size)));

test.each([
  ['with and without \\r', 'a\r\nb\nc\r\n', ['a', 'b', 'c']],
  ['without an end', 'a\nb', ['a', 'b']],
  ['that are empty', '\n\na\n\r\n', ['', '', 'a', '']],
  ['none', '', []],
  ['after a byte order mark', '\ufeffa\nb\n', ['a', 'b']],
  ['with a byte order mark where it is a letter', 'a\n\ufeffb\n', ['a', '\ufeffb']],
  [
    'with other signs that end lines elsewhere',
    'a\u2028b\u2029c\x0bd\x85e\rf\n',
    ['a\u2028b\u2029c\x0bd\x85e\rf'],
  ],
  ['with NUL', 'a\0b\n', ['a\0b']],
])('lines %s', async (_, text, lines) => {
  for (const size of [1, 2, 1000]) expect(await linesIn(text, size)).toEqual(lines);
});

test('any lines, in pieces of any size', async () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\n\r\ufeff]/g, ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const text = lines.map((each) => `${each}\n`).join('');
      // Halves of signs have no UTF-8: they come back as U+FFFD.
      expect(await linesIn(text, size)).toEqual(lines.map((each) => Buffer.from(each).toString()));
    }),
  );
});

test('bytes that are no UTF-8 are replaced', async () => {
  const bytes = Uint8Array.from([0x61, 0xff, 0x0a, 0xc3, 0x0a, 0xe2, 0x82]);
  for (const size of [1, 100])
    expect(await all(linesOf(pieces(bytes, size)))).toEqual(['a\ufffd', '\ufffd', '\ufffd']);
});

test('text is taken as it is', async () => {
  async function* texts() {
    yield* await Promise.resolve(['\ufeffä', 'b\nc', '\n']);
  }
  expect(await all(linesOf(texts()))).toEqual(['äb', 'c']);
});

test('a line that is too long is refused, with its number', async () => {
  const lines = (text: string) => all(linesOf(pieces(Buffer.from(text), 4), 10));
  expect(await lines('1234567890\n1234567890')).toHaveLength(2);
  await expect(lines('a\n12345678901\nb')).rejects.toThrow('line 2 has more than 10 characters');
  await expect(lines('12345678901')).rejects.toThrow('line 1 has more than 10 characters');
});

test('a long line takes no longer than its length says', async () => {
  const piece = Buffer.alloc(65536, 'x');
  async function* long() {
    for (let at = 0; at < 512; at++) yield await Promise.resolve(piece);
  }
  const begun = performance.now();
  const [line = ''] = await all(linesOf(long()));
  expect(line.length).toBe(512 * 65536);
  // Each piece joined to all before it would be 8 GB of copies.
  expect(performance.now() - begun).toBeLessThan(3000);
});
