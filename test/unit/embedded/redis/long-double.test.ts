import { describe, expect, it } from 'vitest';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../../../src/embedded/redis/long-double.js';

function sum(a: string, b: string): string {
  const [x, y] = [parseLongDouble(a), parseLongDouble(b)];
  if (x === undefined || y === undefined || x === 'infinite' || y === 'infinite') return 'not a number';
  return formatLongDouble(addLongDouble(x, y));
}

describe('long double sums', () => {
  it.each([
    ['0.1', '0.2', '0.3'],
    ['3.0e3', '200', '3200'],
    ['10.5', '-10.5', '0'],
    ['-0', '0', '0'],
    ['1', '-1.25', '-0.25'],
    ['.5', '5.', '5.5'],
    ['1e-7', '0', '0.0000001'],
    // Recorded from redis-server 7.0.15 (INCRBYFLOAT): the mantissa has 64 bits and no more.
    ['1000.1', '0', '1000.09999999999999998'],
    ['0.1', '1000000000000', '1000000000000.10000002384185791'],
    ['123456789.123', '0.1', '123456789.22299999999813735'],
  ])('prints %s + %s as %s', (a, b, expected) => {
    expect(sum(a, b)).toBe(expected);
  });

  it.each(['', '.', 'e5', 'x', '1e', '1 ', '1e5000', '1'.repeat(6000)])('refuses %j', (text) => {
    expect(parseLongDouble(text)).toBeUndefined();
  });

  it('tells infinity apart', () => {
    expect(parseLongDouble('-Inf')).toBe('infinite');
  });
});
