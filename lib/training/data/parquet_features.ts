// What Hugging Face datasets writes into a Parquet file about its columns.
import type { FileMetaData } from 'hyparquet' with { 'resolution-mode': 'import' };
import { isObject } from '../../config/checks';

/** The key of the file's metadata that has a data set's features. */
const KEY = 'huggingface';

/**
 * The names of a column's classes, of a ClassLabel or of lists of them; null where the file has none.
 * @throws Error for what is there but is no such description.
 */
export function classNames(metadata: FileMetaData, column: string): string[] | null {
  const text = metadata.key_value_metadata?.find(({ key }) => key === KEY)?.value;
  if (text === undefined) return null;
  let feature = within(parsed(text), 'info', 'features', column);
  // A list has the feature of its items, in a list itself where datasets before 2.0 wrote it.
  while (isObject(feature) && feature['_type'] !== 'ClassLabel') feature = feature['feature'];
  if (Array.isArray(feature)) feature = feature[0];
  const names = within(feature, 'names');
  if (names === undefined || names === null) return null;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw new Error(`its metadata has no list of names for the classes of ${column}`);
  return names;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`what its metadata has as ${KEY} is no JSON`, { cause });
  }
}

function within(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}
