import { describe, expect, it } from 'vitest';
import { isSigned64, isUnsigned64, readLength } from '../../../../src/protocol/memcache/numbers.js';

const bytes = (text: string): Buffer => Buffer.from(` ${text} 9`, 'latin1');
const asLength = (text: string): number => readLength(bytes(text), 1, 1 + text.length);
const asUnsigned = (text: string): boolean => isUnsigned64(bytes(text), 1, 1 + text.length);
const asSigned = (text: string): boolean => isSigned64(bytes(text), 1, 1 + text.length);

describe('readLength', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['1048576', 1_048_576],
    ['0000000000012', 12],
    ['+3', 3],
    ['-0', 0],
    ['\t3', 3],
    ['3\tx', 3],
    ['2147483645', 2_147_483_645],
  ])('reads %j as memcached does', (text, length) => {
    expect(asLength(text)).toBe(length);
  });

  it.each(['-1', '', '+', '-', 'x', '3x', '0x3', '1.0', '2147483646', '4294967299', '99999999999999999999'])(
    'refuses %j',
    (text) => {
      expect(asLength(text)).toBe(-1);
    },
  );
});

describe('isUnsigned64', () => {
  it('takes 0 to 2^64 - 1', () => {
    expect(['0', '-0', '4294967296', '018446744073709551615'].map(asUnsigned)).toEqual([true, true, true, true]);
    expect(['18446744073709551616', '20000000000000000000', '-1', ''].map(asUnsigned)).toEqual(Array(4).fill(false));
  });
});

describe('isSigned64', () => {
  it('takes -2^63 to 2^63 - 1', () => {
    expect(['-1', '9223372036854775807', '-9223372036854775808'].map(asSigned)).toEqual([true, true, true]);
    expect(['9223372036854775808', '-9223372036854775809', '--1'].map(asSigned)).toEqual([false, false, false]);
  });
});
