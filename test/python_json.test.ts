import { formatPythonJson, parsePythonJson } from '../lib/python_json';

test('reads what Python writes for numbers that are none, and what transformers does', () => {
  const text = `{"a": NaN, "b": [Infinity, -Infinity], "c": {"__float__": "-Infinity"},
    "d": "NaN and Infinity", "e": "a \\"NaN\\"", "f": {"__float__": "1.5"},
    "g": {"__float__": "NaN", "h": 1}}`;
  expect(parsePythonJson(text)).toEqual({
    a: NaN,
    b: [Infinity, -Infinity],
    c: -Infinity,
    d: 'NaN and Infinity',
    e: 'a "NaN"',
    f: { __float__: '1.5' },
    g: { __float__: 'NaN', h: 1 },
  });
});

test('writes them as transformers 5 does', () => {
  // Of BitConfig.from_pretrained(…).save_pretrained(…) with transformers 5.18.
  expect(formatPythonJson({ x: NaN, y: -Infinity, z: 1 })).toBe(
    '{\n  "x": {\n    "__float__": "NaN"\n  },\n  "y": {\n    "__float__": "-Infinity"\n  },\n  "z": 1\n}',
  );
});

test.each([
  '{"a": nan}',
  '{"a": +Infinity}',
  '{"a": --Infinity}',
  '{NaN: 1}',
  '{"a": NaN',
  '',
  '{a:1}',
])('refuses %s', (text) => {
  expect(() => parsePythonJson(text)).toThrow(SyntaxError);
});
