import { runInNewContext } from 'node:vm';
import { describe as words, shorten, withoutSecrets } from '../lib/describe';

/** Longer than any of it is shown. */
const MOST = 200;

/** In memory as it is: one of repeat() is put together when somebody looks at it, which takes long itself. */
const longText = (letter: string) => Buffer.alloc(5e7, letter).toString('latin1');

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [12n, '12n'],
  ['text', "'text'"],
  [[1, 'a', null], '[1,"a",null]'],
  [{ a: { b: [1] } }, '{"a":{"b":[1]}}'],
  [[1, 2, 3, 4, 5, 6, 7], '[1,2,3,4,5,6, ... 7 in all]'],
  [new Float32Array(3), 'Float32Array of 12 bytes'],
  [new ArrayBuffer(5), 'ArrayBuffer of 5 bytes'],
  [new Map([[1, 2]]), 'Map of 1'],
  [{ data: new Uint8Array(9), width: 3 }, '{"data":Uint8Array of 9 bytes,"width":3}'],
  [new Error('wrong'), 'Error: wrong'],
  [new Error('x'.repeat(54)), `Error: ${'x'.repeat(50)}...`],
  [new SharedArrayBuffer(5), 'SharedArrayBuffer of 5 bytes'],
  [new Set(['a', 'b']), 'Set of 2'],
  [new Date(Number.NaN), 'Invalid Date'],
  [/a+/gi, '/a+/gi'],
  [new URL('https://user:pass@host/a.jpg?size=3'), "'https://…@host/a.jpg?size=3'"],
  [[new URL('https://host/a')], "['https://host/a']"],
  [
    new (class extends URL {
      [Symbol.toStringTag] = 'Signed';
    })('https://user:pass@host/a'),
    "'https://…@host/a'",
  ],
  [true, 'true'],
  [-0.5, '-0.5'],
  [Symbol('x'), 'Symbol(x)'],
  [function work() {}, 'function work'],
  ['', "''"],
  [[], '[]'],
  [{}, '{}'],
  [['say "a"'], '["say \\"a\\""]'],
  [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
  [
    new (class Box {
      side = 2;
    })(),
    'Box {"side":2}',
  ],
  [[[[[1]]]], '[[[[...]]]]'],
  [[[[{ a: 1 }]]], '[[[{...}]]]'],
  [[[[{}, []]]], '[[[{...},[...]]]]'],
  [[[[1, 'a']]], '[[[1,"a"]]]'],
])('%p', (value, expected) => {
  expect(words(value)).toBe(expected);
});

test.each([
  ['new Set([1])', 'Set of 1'],
  ['new Map()', 'Map of 0'],
  ['new Date(NaN)', 'Invalid Date'],
  ['/b/', '/b/'],
  ['new Error("wrong")', 'Error: wrong'],
  ['new ArrayBuffer(5)', 'ArrayBuffer of 5 bytes'],
  // Node gives no URL to new contexts.
  ['({ [Symbol.toStringTag]: "URL", toString: () => "https://a:b@host/" })', "'https://…@host/'"],
])('%s of another realm', (script, expected) => {
  expect(words(runInNewContext(script))).toBe(expected);
});

describe('as much is shown as', () => {
  test.each([
    ['60 characters of a text', 'x'.repeat(60), `'${'x'.repeat(60)}'`],
    ['57 of a longer one', 'x'.repeat(61), `'${'x'.repeat(57)}...'`],
    ['six items', [1, 2, 3, 4, 5, 6], '[1,2,3,4,5,6]'],
    [
      'six members',
      { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 },
      '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}',
    ],
    [
      'six of more members',
      { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 },
      '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,...}',
    ],
    [
      '80 characters in all',
      ['x'.repeat(54), 'y'.repeat(19)],
      `["${'x'.repeat(54)}","${'y'.repeat(19)}"]`,
    ],
    ['77 of more', ['x'.repeat(54), 'y'.repeat(20)], `["${'x'.repeat(54)}","${'y'.repeat(18)}...`],
  ])('%s', (_, value, expected) => {
    expect(words(value)).toBe(expected);
  });

  test('a caller asks for, of a text', () => {
    expect(shorten('x'.repeat(300), 300)).toBe('x'.repeat(300));
    expect(shorten('x'.repeat(301), 300)).toBe(`${'x'.repeat(297)}...`);
    expect(shorten('x'.repeat(61))).toBe(`${'x'.repeat(57)}...`);
  });
});

test('what cannot be read is said to be so', () => {
  const throwing = { get: () => fail() };
  expect(words(Object.defineProperty({}, 'a', { ...throwing, enumerable: true }))).toBe(
    'an object that cannot be read',
  );
  expect(words([new Proxy({}, throwing)])).toBe('[an object that cannot be read]');
});

test.each([
  ['a long array', new Array(5e6).fill(0.5)],
  ['an array of long arrays', new Array(1000).fill(new Array(1e6).fill(1))],
  ['a long text', longText('x')],
  ['a list of long texts', [longText('y'), longText('z')]],
  ['a sparse array', new Array(2 ** 32 - 1)],
  ['deep nesting', nested(10_000)],
  ['an object that throws', new Proxy({}, { ownKeys: () => fail() })],
  ['many members', Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [`k${i}`, i]))],
])('%s is described by no more than is shown', (_, value) => {
  const start = performance.now();
  expect(words(value).length).toBeLessThan(MOST);
  expect(performance.now() - start).toBeLessThan(1000);
});

test('a circle ends', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  expect(words(circle)).toBe('{"self":{"self":{"self":{...}}}}');
});

test('getters are not run beyond what is shown', () => {
  const list = Object.defineProperty(new Array(100).fill(1), 50, { get: () => fail() });
  expect(words(list)).toContain('100 in all');
});

describe('secrets in URLs', () => {
  test.each([
    ['http://user:pass@host/a.jpg', 'http://…@host/a.jpg'],
    ['https://user@host', 'https://…@host'],
    [' HTTPS://a:b@c:8080/x?y=1', ' HTTPS://…@c:8080/x?y=1'],
    ['https://h/x?token=abc&size=3', 'https://h/x?token=…&size=3'],
    ['https://h/x?X-Amz-Signature=abc&a=b', 'https://h/x?X-Amz-Signature=…&a=b'],
    ['https://h/x?a=b&api_key=abc#f', 'https://h/x?a=b&api_key=…#f'],
    ['https://h/#access_token=abc', 'https://h/#access_token=…'],
    ['C:/folder/a@b.jpg', 'C:/folder/a@b.jpg'],
    ['folder/a@b.jpg', 'folder/a@b.jpg'],
    ['https://h/a@b.jpg', 'https://h/a@b.jpg'],
  ])('%s', (url, shown) => {
    expect(withoutSecrets(url)).toBe(shown);
  });

  test('that go on beyond what is looked at', () => {
    expect(shorten(`https://user:${'p'.repeat(9000)}@host`)).toBe('https://…...');
    expect(words([`https://user:secret@host`])).not.toContain('secret');
    expect(words({ url: new URL('https://user:secret@host') })).not.toContain('secret');
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function fail(): never {
  throw new Error('looked at');
}
