/**
 * Doubles as redis-server 7.0 reads and prints them: C's strtod, and the `%.17g` of scores. Used by the embedded node and by
 * what the proxy computes itself of sorted sets. Pure.
 */
const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]{1,9}))?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** What strtod accepts in full; undefined for nan, overflow and underflow to zero. */
export function parseDouble(text: string): number | undefined {
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (!DECIMAL.test(text)) return parseHexadecimal(text);
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return value === 0 && /[1-9]/.test(text.split(/e/i)[0]!) ? undefined : value;
}

/** `0x1.8p3` is 12: digits to the base 16, times a power of two. */
function parseHexadecimal(text: string): number | undefined {
  const parts = HEXADECIMAL.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole, fraction, power] = parts as unknown as [string, string, string, string, string | undefined];
  const digits = whole + fraction;
  if (digits === '') return undefined;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** (Number(power ?? 0) - 4 * fraction.length);
  if (!Number.isFinite(value) || (value === 0 && /[1-9a-f]/i.test(digits))) return undefined;
  return sign === '-' ? -value : value;
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
  const [mantissa, exponentText] = exponential(value).split('e') as [string, string];
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

/**
 * Seventeen digits, rounded to even where the value lies exactly half way, as C does; toExponential rounds those up. They
 * are the values that are an odd number of 2^(exponent - 17), which have exactly eighteen digits, the last of them a 5.
 */
function exponential(value: number): string {
  const rounded = value.toExponential(16);
  const [mantissa, exponent] = rounded.split('e') as [string, string];
  const scaled = Math.abs(value) * 2 ** (17 - Number(exponent));
  const isHalfWay = Number.isInteger(scaled) && scaled % 2 === 1;
  if (!isHalfWay || Number(mantissa.at(-1)) % 2 === 0) return rounded;
  return value.toExponential(17).replace('5e', 'e');
}
