// Options as callers give them: checked by name, and null taken for none.
import { refuseUnknown, type Check } from './checks';
import { invalid } from '../errors';

export type OptionChecks<T> = { readonly [K in keyof T]?: Check };

/**
 * The options themselves, or none for null. An option that is undefined counts as left out; names
 * without a check are left alone.
 * @throws BitError ERR_BIT_CONFIG naming the option that is wrong.
 */
export function checkOptions<T extends object>(
  options: T | null | undefined,
  checks: OptionChecks<T>,
): Partial<T> {
  if (options === null || options === undefined) return {};
  if (typeof options !== 'object') throw invalid('ERR_BIT_CONFIG', 'options', 'an object', options);
  for (const [name, check] of Object.entries<Check | undefined>(checks)) {
    const value: unknown = options[name as keyof T];
    if (check && value !== undefined && !check.test(value))
      throw invalid('ERR_BIT_CONFIG', name, check.expected, value);
  }
  return options;
}

/**
 * As checkOptions, where `checks` has all the options that there are.
 * @throws the same, and for a name that is unknown and may be misspelt.
 */
export function checkAllOptions<T extends object>(
  options: T | null | undefined,
  checks: Readonly<Record<keyof T, Check>>,
): Partial<T> {
  const given = checkOptions<T>(options, checks);
  refuseUnknown('option', given, checks);
  return given;
}
