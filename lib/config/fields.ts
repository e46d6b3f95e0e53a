// Tables of fields: the name here, the key in JSON, the default and the check, each once.
import { invalid, refuseUnknown, type BitError } from '../errors';
import { anything, isObject, type Check } from './checks';

/** One field of a class whose fields are `T`. */
export interface Field<T, K extends keyof T = keyof T> {
  /** Key in transformers' JSON. */
  key: string;
  /** Makes the default, anew each time. */
  initial: () => T[K];
  check: Check;
}

export type FieldTable<T> = { [K in keyof T]-?: Field<T, K> };

/**
 * All fields of `table`: those of `init`, checked, and defaults for what it leaves out (undefined).
 * @throws BitError ERR_BIT_CONFIG naming a field that is wrong or unknown.
 */
export function fillFields<T extends object>(table: FieldTable<T>, init: Partial<T>): T {
  if (!isObject(init)) {
    throw invalid('ERR_BIT_CONFIG', 'the fields', 'an object', init);
  }
  refuseUnknown('field', init, table);
  const filled: Partial<T> = {};
  for (const name of Object.keys(table) as (keyof T)[]) {
    const { initial, check, key } = table[name];
    const value = init[name];
    if (value !== undefined && !check.test(value))
      throw invalidField(name as string, key, check, value);
    filled[name] = value === undefined ? initial() : copyOf(value);
  }
  return filled as T;
}

/** Lists and flat objects are copied, so that a caller's later changes stay outside. */
function copyOf<V>(value: V): V {
  if (Array.isArray(value)) return [...value] as V;
  return isObject(value) ? { ...value } : value;
}

/**
 * The object that a JSON file of ours must hold.
 * @throws BitError ERR_BIT_CONFIG for anything else.
 */
export function jsonObject(json: unknown): Record<string, unknown> {
  if (isObject(json)) return { ...json };
  throw invalid('ERR_BIT_CONFIG', 'the JSON', 'an object', json);
}

/** Names both spellings, since a wrong value may come from code or from a file. */
export function invalidField(
  name: string,
  key: string,
  { expected }: Check,
  value: unknown,
): BitError {
  return invalid(
    'ERR_BIT_CONFIG',
    name === key ? name : `${name} (${key} in JSON)`,
    expected,
    value,
  );
}

/** A check for every field's name, where values are looked at later. */
export function fieldNames<T>(table: FieldTable<T>): Readonly<Record<keyof T, Check>> {
  const names = Object.keys(table).map((name) => [name, anything] as const);
  return Object.fromEntries(names) as Record<keyof T, Check>;
}

/** Splits a JSON object into the table's fields and the keys that it does not know. */
export function fromKeys<T extends object>(
  table: FieldTable<T>,
  json: Record<string, unknown>,
): { fields: Partial<T>; unknown: Record<string, unknown> } {
  const names = new Map(Object.entries<Field<T>>(table).map(([name, { key }]) => [key, name]));
  const fields: Record<string, unknown> = {};
  const unknown: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    const name = names.get(key);
    if (name === undefined) unknown[key] = value;
    else fields[name] = value;
  }
  return { fields: fields as Partial<T>, unknown };
}

/** The fields under their JSON keys, sorted with `more` as transformers sorts them. */
export function toKeys<T extends object>(
  table: FieldTable<T>,
  fields: T,
  more: Record<string, unknown>,
): Record<string, unknown> {
  const own = Object.entries<Field<T>>(table).map(
    ([name, { key }]) => [key, structuredClone(fields[name as keyof T])] as const,
  );
  const all = [...own, ...Object.entries(structuredClone(more))];
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}
