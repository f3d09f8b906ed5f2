import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeDecimal } from '../../../src/io/bytes.js';

it('writes the digits of any non-negative integer and says where they end', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(10), (value, at) => {
      const target = Buffer.alloc(40, 0x2e);
      const after = writeDecimal(target, at, value);
      expect(target.toString('latin1', at, after)).toBe(String(value));
      expect(target[after]).toBe(0x2e);
    }),
  );
});
