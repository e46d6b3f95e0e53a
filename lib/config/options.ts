// Options as callers give them: checked by name, undefined as left out, and null taken for none at all.
import { invalid, refuseUnknown } from '../errors';
import type { Check } from './checks';

/** One check for every option that there is. */
export type OptionChecks<T> = { readonly [K in keyof T]-?: Check };

/**
 * The options that are given: those that are undefined are left out, so that they hide nothing.
 * @throws BitError ERR_BIT_CONFIG naming the option that is wrong, or unknown and perhaps misspelt.
 */
export function checkOptions<T extends object>(
  options: T | null | undefined,
  checks: OptionChecks<T>,
): Partial<T> {
  if (options === null || options === undefined) return {};
  if (typeof options !== 'object') throw invalid('ERR_BIT_CONFIG', 'options', 'an object', options);
  refuseUnknown('option', options, checks);
  const given = defined(options);
  for (const [name, value] of Object.entries(given)) {
    const check = checks[name as keyof T];
    if (!check.test(value)) throw invalid('ERR_BIT_CONFIG', name, check.expected, value);
  }
  return given;
}

/** Without what is undefined. */
export function defined<T extends object>(options: T): Partial<T> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}

/** Those that have a check here. */
export function only<T extends object, K extends PropertyKey>(
  options: T,
  checks: Readonly<Record<K, Check>>,
): Pick<T, K & keyof T> {
  const own = Object.entries(options).filter(([name]) => Object.hasOwn(checks, name));
  return Object.fromEntries(own) as Pick<T, K & keyof T>;
}
