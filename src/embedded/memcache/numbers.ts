/**
 * Numbers as memcached 1.6 reads them with strtol and strtoull: leading blanks, a plus sign and leading zeros pass, text after a
 * blank is ignored, and what does not fit 32 bits is cut to them.
 */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?[0-9]+)(?:[ \t\n\v\f\r].*)?$/s;
/** Longer ones only cost time: nothing past 64 bits is accepted, and nobody pads a number with that many zeros. */
const DIGITS_MAX = 64;

function parse(text: string): bigint | undefined {
  const digits = NUMBER.exec(text)?.[1];
  return digits === undefined || digits.length > DIGITS_MAX
    ? undefined
    : BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
}

export function parseUint64(text: string): bigint | undefined {
  const value = parse(text);
  return value === undefined || value < 0n || value >= 2n ** 64n ? undefined : value;
}

/** Item flags: a 64-bit number of which the low 32 bits count. */
export function parseFlags(text: string): number | undefined {
  const value = parseUint64(text);
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
}

/** Times and lengths: a 64-bit number of which the low 32 bits count, with their sign. */
export function parseInt32(text: string): number | undefined {
  const value = parse(text);
  if (value === undefined || value >= 2n ** 63n || value < -(2n ** 63n)) return undefined;
  return Number(BigInt.asIntN(32, value));
}
