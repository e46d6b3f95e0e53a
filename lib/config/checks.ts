// Checks of single values, each with the words for "expected …" messages.

/** A check and what it expects, in words. */
export interface Check {
  expected: string;
  test(value: unknown): boolean;
}

/** Sizes and counts beyond this are mistakes: a million squared is still exact, and fits 64 bits. */
const MAX_SIZE = 1_000_000;

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_SIZE;

const isFinite = (value: unknown): value is number => Number.isFinite(value);

/** By brand, since objects of another realm (jest, vm) have another prototype; a Map is none. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';

export const size: Check = { expected: `an integer from 1 to ${MAX_SIZE}`, test: isSize };

export const sizes: Check = {
  expected: `a non-empty array of integers from 1 to ${MAX_SIZE}`,
  test: (value) => Array.isArray(value) && value.length > 0 && value.every(isSize),
};

export const boolean: Check = {
  expected: 'true or false',
  test: (value) => typeof value === 'boolean',
};

export const fraction: Check = {
  expected: 'a number from 0 to 1',
  test: (value) => isFinite(value) && value >= 0 && value <= 1,
};

export const positive: Check = {
  expected: 'a positive number',
  test: (value) => isFinite(value) && value > 0,
};

/** Counts that a call is given, such as threads or images. */
export const count: Check = {
  expected: 'a positive integer',
  test: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

export const text: Check = {
  expected: 'a string',
  test: (value) => typeof value === 'string',
};

export const callback: Check = {
  expected: 'a function',
  test: (value) => typeof value === 'function',
};

/** More steps than anybody tells apart, and far from what an int holds. */
const MOST_PRIORITY = 1000;

export const callPriority: Check = {
  expected: `an integer from -${MOST_PRIORITY} to ${MOST_PRIORITY}`,
  test: (value) => Number.isInteger(value) && Math.abs(value as number) <= MOST_PRIORITY,
};

/** For what is checked elsewhere, together with other fields. */
export const anything: Check = { expected: 'a value', test: () => true };

/** Mean or deviation of pixels: one number for all channels, or one for each. */
export const perChannel: Check = {
  expected: 'a number or a non-empty array of numbers',
  test: (value) =>
    isFinite(value) || (Array.isArray(value) && value.length > 0 && value.every(isFinite)),
};

/** As perChannel, without zeros: pixels are divided by it. */
export const perChannelDivisor: Check = {
  expected: 'a number or a non-empty array of numbers, none of them 0',
  test: (value) => perChannel.test(value) && ![value].flat().includes(0),
};

export function oneOf(...values: readonly unknown[]): Check {
  const words = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return { expected: `one of ${words.join(', ')}`, test: (value) => values.includes(value) };
}

export function nullable({ expected, test }: Check): Check {
  return { expected: `${expected}, or null`, test: (value) => value === null || test(value) };
}

export function listOf(word: string, test: (item: unknown) => boolean): Check {
  return {
    expected: `an array of ${word}`,
    test: (value) => Array.isArray(value) && value.every(test),
  };
}
