/**
 * Integers as Redis reads them: strict, of 64 bits, no spaces, no plus sign, no leading zero. Used by every command file of
 * the embedded Redis node. Doubles are in src/protocol/resp/double.ts.
 */
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

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
