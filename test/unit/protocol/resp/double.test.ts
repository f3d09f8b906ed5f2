import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDouble, parseDouble } from '../../../../src/protocol/resp/double.js';

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
    [384696900640658.625, '384696900640658.62'],
    [-(1 + 1 / 2 ** 17), '-1.0000076293945312'],
    [1 + 3 / 2 ** 17, '1.0000228881835938'],
    [7 / 2 ** 24, '4.1723251342773438e-07'],
  ])('prints %d as C does', (value, text) => {
    expect(formatDouble(value)).toBe(text);
  });

  it.each([
    ['0x10', 16],
    ['-0X1.8p3', -12],
    ['0x.8', 0.5],
    ['0x0', 0],
    ['0x1p-1074', 5e-324],
  ])('reads %s, which is hexadecimal', (text, value) => {
    expect(parseDouble(text)).toBe(value);
  });

  it.each(['nan', '1e400', '1e-400', '', 'x', '1x', ' 1', '0x', '0x.', '0x1p', '0x1p2000', '0x1p-2000'])(
    'refuses %j',
    (text) => {
      expect(parseDouble(text)).toBeUndefined();
    },
  );
});
