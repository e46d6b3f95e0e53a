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
])('%p', (value, expected) => {
  expect(words(value)).toBe(expected);
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
