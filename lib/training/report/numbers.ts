// Numbers as the report says them.

/** A share of 1; a dash where there is none. */
export const percent = (share: number | null) =>
  share === null ? '–' : `${(100 * share).toFixed(1)} %`;

/** Four digits, without an exponent where people write none; a dash where there is none. */
export function digits(value: number | null): string {
  if (value === null) return '–';
  const rounded = Number(value.toPrecision(4));
  const size = Math.abs(rounded);
  return size === 0 || (size >= 1e-3 && size < 1e9) ? String(rounded) : rounded.toExponential();
}

export const whole = (count: number) => count.toLocaleString('en');

/** Such as '1 example' and '2 examples'. */
export const counted = (count: number, what: string) =>
  `${whole(count)} ${what}${count === 1 ? '' : 's'}`;
