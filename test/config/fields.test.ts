import { boolean, size, type Check } from '../../lib/config/checks';
import { fillFields, fromKeys, toKeys, type FieldTable } from '../../lib/config/fields';

interface Things {
  sideLength: number;
  flag: boolean;
  list: number[];
}
const list: Check = { expected: 'a list', test: Array.isArray };
const TABLE: FieldTable<Things> = {
  sideLength: { key: 'side_length', initial: () => 3, check: size },
  flag: { key: 'flag', initial: () => false, check: boolean },
  list: { key: 'list', initial: () => [], check: list },
};

describe('fillFields', () => {
  test('fills in defaults, anew each time', () => {
    const first = fillFields(TABLE, { flag: true, sideLength: undefined });
    expect(first).toEqual({ sideLength: 3, flag: true, list: [] });
    first.list.push(1);
    expect(fillFields(TABLE, {}).list).toEqual([]);
  });

  test('copies what it is given', () => {
    const given = [1];
    expect(fillFields(TABLE, { list: given }).list).not.toBe(given);
  });

  test('names a wrong field in both spellings, where they differ', () => {
    expect(() => fillFields(TABLE, { sideLength: 0 })).toThrow(
      'for sideLength (side_length in JSON) but received 0',
    );
    expect(() => fillFields(TABLE, { flag: 1 as never })).toThrow('for flag but received 1');
  });

  test.each(['colour', 'constructor', '__proto__'])('refuses the field %s', (name) => {
    const init = JSON.parse(`{"${name}": 1}`) as Partial<Things>;
    expect(() => fillFields(TABLE, init)).toThrow(`Unknown field '${name}'`);
  });
});

test('fromKeys and toKeys are each other’s way back', () => {
  const json = { flag: true, list: [1], side_length: 4, zoo: { a: [null] } };
  const { fields, unknown } = fromKeys(TABLE, json);
  expect(fields).toEqual({ flag: true, list: [1], sideLength: 4 });
  const written = toKeys(TABLE, fields as Things, unknown);
  expect(written).toEqual(json);
  expect(written['list']).not.toBe(json.list);
});

test('toKeys sorts all keys, as Python does', () => {
  const more = { zoo: 1, Zoo: 2, 'a b': 3, a: 4, list_: 5, a_b: 6 };
  const keys = Object.keys(toKeys(TABLE, fillFields(TABLE, {}), more));
  // Of sorted(['side_length', 'flag', 'list', 'zoo', 'Zoo', 'a b', 'a', 'list_', 'a_b']).
  const sorted = ['Zoo', 'a', 'a b', 'a_b', 'flag', 'list', 'list_', 'side_length', 'zoo'];
  expect(keys).toEqual(sorted);
});
