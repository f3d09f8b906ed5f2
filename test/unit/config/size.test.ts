import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIZE_PATTERN, formatSizeBytes, parseSizeBytes } from '../../../src/config/size.js';

describe('parseSizeBytes', () => {
  it.each([
    ['64KiB', 65_536],
    ['16MiB', 16_777_216],
    ['1GiB', 1_073_741_824],
    ['1 GiB', 1_073_741_824],
    ['1.5KiB', 1536],
    ['100B', 100],
    ['100', 100],
    [100, 100],
    ['0', 0],
    [0, 0],
  ])('reads %j as %d bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes);
  });

  it.each([
    '5MB',
    '5kb',
    '5K',
    '1TiB',
    '64kib',
    '',
    'KiB',
    '-1KiB',
    -1,
    1.5,
    '0.3KiB',
    '9999999999999999GiB',
    Number.NaN,
    Infinity,
    true,
    null,
    undefined,
    [1],
    {},
  ])('refuses %j', (value) => {
    expect(parseSizeBytes(value)).toBeNull();
  });

  it('reads back every number of bytes that formatSizeBytes writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (bytes) => {
        expect(parseSizeBytes(formatSizeBytes(bytes))).toBe(bytes);
        expect(parseSizeBytes(bytes)).toBe(bytes);
      }),
    );
  });

  it('accepts no text that the pattern for editors refuses', () => {
    const pieces = fc.constantFrom('0', '1', '512', '.', '.5', ' ', 'B', 'KiB', 'MiB', 'GiB', 'k', '-', '\n');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
        const text = parts.join('');
        if (parseSizeBytes(text) !== null) expect(text).toMatch(new RegExp(SIZE_PATTERN, 'u'));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('formatSizeBytes', () => {
  it('uses the largest unit that leaves a whole number', () => {
    expect([0, 1, 1000, 1024, 65_536, 3_145_728, 2 ** 30].map(formatSizeBytes)).toEqual([
      '0',
      '1B',
      '1000B',
      '1KiB',
      '64KiB',
      '3MiB',
      '1GiB',
    ]);
  });
});
