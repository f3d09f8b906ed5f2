import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DURATION_PATTERN, formatDurationMs, parseDurationMs } from '../../../src/config/duration.js';

describe('parseDurationMs', () => {
  it.each([
    ['200ms', 200],
    ['5s', 5000],
    ['5 s', 5000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1.5s', 1500],
    ['0.1s', 100],
    ['0s', 0],
    ['0', 0],
    [0, 0],
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    '5',
    5,
    '',
    's',
    '-1s',
    '+1s',
    '1 parsec',
    '1S',
    '1d',
    '1m30s',
    ' 1s',
    '1s ',
    '1s\n',
    '0.5ms',
    '1e3ms',
    '999999999999999h',
    true,
    null,
    undefined,
    Number.NaN,
    ['1s'],
    {},
  ])('refuses %j', (value) => {
    expect(parseDurationMs(value)).toBeNull();
  });

  it('reads back every whole number of milliseconds that formatDurationMs writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (ms) => {
        expect(parseDurationMs(formatDurationMs(ms))).toBe(ms);
      }),
    );
  });

  it('accepts no text that the pattern for editors refuses', () => {
    const pieces = fc.constantFrom('0', '1', '25', '.', '.5', ' ', 'ms', 's', 'm', 'h', 'x', '-', '\n');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
        const text = parts.join('');
        if (parseDurationMs(text) !== null) expect(text).toMatch(new RegExp(DURATION_PATTERN, 'u'));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('formatDurationMs', () => {
  it('uses the largest unit that leaves a whole number', () => {
    expect([0, 1, 1500, 90_000, 60_000, 7_200_000].map(formatDurationMs)).toEqual([
      '0',
      '1ms',
      '1500ms',
      '90s',
      '1m',
      '2h',
    ]);
  });
});
