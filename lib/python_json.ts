// JSON as Python's json module reads it and transformers writes it: numbers that are none.

/** What transformers writes in their place, since 5.0 (configuration_utils.py): {"__float__": "NaN"}. */
const KEY = '__float__';
const NAMES: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity };
/** A string, or a word of Python's; strings come first, so that no word is found within one. */
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

/** Parses JSON in which NaN, Infinity and -Infinity may stand for numbers. @throws SyntaxError */
export function parsePythonJson(text: string): unknown {
  const plain = text.replace(STRING_OR_WORD, (found) =>
    found.startsWith('"') ? found : `{"${KEY}":"${found}"}`,
  );
  return JSON.parse(plain, (_, value: unknown) => {
    const name = (value as Record<string, unknown> | null)?.[KEY];
    return typeof name === 'string' && Object.hasOwn(NAMES, name) && isAlone(value as object)
      ? NAMES[name]
      : value;
  });
}

/** Indented JSON of the same, as transformers writes it. */
export function formatPythonJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item: unknown) =>
      typeof item === 'number' && !Number.isFinite(item) ? { [KEY]: String(item) } : item,
    2,
  );
}

const isAlone = (value: object) => Object.keys(value).length === 1;
