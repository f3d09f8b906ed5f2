import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInt64, parseLong } from '../../../../src/embedded/redis/numbers.js';

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
