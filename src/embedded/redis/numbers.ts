/**
 * Numbers as Redis reads and prints them: strict 64-bit integers (no spaces, no plus sign, no leading zero), C doubles, and
 * the `%.17g` form that Redis 7.0 uses for scores. Used by every command file of the embedded Redis node.
 */
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;
const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

export const INT64_MAX = 9223372036854775807n;
export const INT64_MIN = -9223372036854775808n;

export function parseInt64(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** The same grammar and range as `parseInt64`, as a double: exact to 2^53, which indexes, counts and times stay below. */
export function parseLong(text: string): number | undefined {
  if (text.length < 16) return INTEGER.test(text) ? Number(text) : undefined;
  const value = parseInt64(text);
  return value === undefined ? undefined : Number(value);
}

/** What C's strtod accepts in full, minus hexadecimal floats; undefined for nan, overflow and underflow to zero. */
export function parseDouble(text: string): number | undefined {
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return value === 0 && /[1-9]/.test(text.split(/e/i)[0]!) ? undefined : value;
}

/** A bound of ZRANGEBYSCORE: as strtod leaves it, so leading blanks, the empty text (0) and overflow are accepted. */
export function parseScoreBound(text: string): number | undefined {
  const trimmed = text.replace(/^[ \t\n\v\f\r]+/, '');
  if (trimmed === '') return text === '' ? 0 : undefined;
  if (INFINITE.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  return DECIMAL.test(trimmed) ? Number(trimmed) : undefined;
}

/** C's `%.17g`: seventeen significant digits without trailing zeros, `inf` and `-inf`. */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  if (Number.isSafeInteger(value)) return String(value);
  const [mantissa, exponentText] = value.toExponential(16).split('e') as [string, string];
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '');
  if (exponent < -4 || exponent >= 17) {
    const tail = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]!}${tail}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const rest = digits.slice(exponent + 1);
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`;
}
