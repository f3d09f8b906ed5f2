/**
 * The x87 long double (64-bit mantissa) for INCRBYFLOAT and HINCRBYFLOAT, which Redis computes in that type and prints with
 * seventeen decimals: 0.1 + 0.2 must answer 0.3 and not 0.30000000000000004. A value is mantissa × 2^exponent, exactly.
 * Rounding is half to even. Denormals and hexadecimal text are not covered. Cost: a few BigInt operations per command.
 */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const MANTISSA_BITS = 64;
const TEXT_MAX = 5 * 1024; // Redis's own buffer for this conversion
const DECIMAL_EXPONENT_MAX = 4932;
const DECIMALS = 17;
const DECIMAL = /^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/;

/** Undefined when the text is not a number that fits. Infinity is told apart because its error text differs. */
export function parseLongDouble(text: string): LongDouble | 'infinite' | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return 'infinite';
  const match = text.length < TEXT_MAX ? DECIMAL.exec(text) : null;
  if (!match) return undefined;
  const digits = match[2]! + match[3]!;
  if (digits === '' || (match[2] === '' && match[3] === '')) return undefined;
  const magnitude = BigInt(digits);
  if (magnitude === 0n) return { mantissa: 0n, exponent: 0 };
  const scale = Number(match[4] ?? '0') - match[3]!.length;
  const leading = scale + magnitude.toString().length;
  if (Math.abs(leading) > DECIMAL_EXPONENT_MAX) return undefined;
  const value = scale >= 0 ? rounded(magnitude * 10n ** BigInt(scale), 0) : divided(magnitude, 10n ** BigInt(-scale));
  return match[1] === '-' ? { mantissa: -value.mantissa, exponent: value.exponent } : value;
}

export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble {
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  return rounded(sum, exponent);
}

/** C's `%.17Lf` without trailing zeros, and `0` for a negative zero. */
export function formatLongDouble(value: LongDouble): string {
  const scaled = value.mantissa * 10n ** BigInt(DECIMALS);
  const units = value.exponent >= 0 ? scaled << BigInt(value.exponent) : shiftedRight(scaled, -value.exponent);
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(DECIMALS + 1, '0');
  const whole = digits.slice(0, -DECIMALS);
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return negative ? `-${text}` : text;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

/** value / 2^bits, rounded half to even, for either sign. */
function shiftedRight(value: bigint, bits: number): bigint {
  if (value < 0n) return -shiftedRight(-value, bits);
  const shift = BigInt(bits);
  const quotient = value >> shift;
  const rest = value - (quotient << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

function rounded(value: bigint, exponent: number): LongDouble {
  const excess = bitLength(value < 0n ? -value : value) - MANTISSA_BITS;
  if (excess <= 0) return { mantissa: value, exponent };
  return { mantissa: shiftedRight(value, excess), exponent: exponent + excess };
}

/** Keeps two bits more than the mantissa and a sticky bit below them, so that `rounded` sees which side of half it is on. */
function divided(numerator: bigint, denominator: bigint): LongDouble {
  const shift = Math.max(0, MANTISSA_BITS + 3 - (bitLength(numerator) - bitLength(denominator)));
  const shifted = numerator << BigInt(shift);
  const quotient = shifted / denominator;
  const sticky = shifted % denominator === 0n ? 0n : 1n;
  return rounded((quotient << 1n) | sticky, -shift - 1);
}
