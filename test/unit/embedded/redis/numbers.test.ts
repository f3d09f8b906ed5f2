import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDouble, parseDouble, parseInt64, parseLong } from '../../../../src/embedded/redis/numbers.js';

describe('integers', () => {
  it.each(['', '+1', '01', '-0', ' 1', '1 ', '1.0', '9223372036854775808', '-9223372036854775809'])(
    'refuses %j',
    (text) => {
      expect(parseInt64(text)).toBeUndefined();
      expect(parseLong(text)).toBeUndefined();
    },
  );

  it('reads every 64-bit integer', () => {
    fc.assert(fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (n) => parseInt64(n.toString()) === n));
  });
});

describe('doubles', () => {
  it('prints what reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const back = parseDouble(formatDouble(value));
        expect(back).toBe(value);
      }),
    );
  });

  it.each([
    [0.1, '0.10000000000000001'],
    [1e17, '1e+17'],
    [1e-5, '1.0000000000000001e-05'],
    [3.5, '3.5'],
    [-0, '-0'],
    [1e21, '1e+21'],
    [2 ** 64, '1.8446744073709552e+19'],
    [-Infinity, '-inf'],
  ])('prints %d as C does', (value, text) => {
    expect(formatDouble(value)).toBe(text);
  });

  it.each(['nan', '1e400', '1e-400', '', 'x', '1x', ' 1'])('refuses %j', (text) => {
    expect(parseDouble(text)).toBeUndefined();
  });
});
