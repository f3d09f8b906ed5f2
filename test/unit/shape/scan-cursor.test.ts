import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cursorAfter, placeOf } from '../../../src/shape/scan-cursor.js';

const nodes = fc.integer({ min: 2, max: 1024 });
const nodeCursor = fc.bigInt({ min: 1n, max: (1n << 54n) - 1n });

describe('scan cursors', () => {
  it('lead back to the node and the cursor that they were made of', () => {
    fc.assert(
      fc.property(nodes, fc.nat(), nodeCursor, (count, pick, cursor) => {
        const node = pick % count;
        const text = cursorAfter(node, cursor.toString(), count)!;
        expect(BigInt(text)).toBeLessThan(1n << 64n);
        expect(text).not.toBe('0');
        expect(placeOf(text, count)).toEqual({ node, nodeCursor: cursor.toString() });
      }),
    );
  });

  it('go on with the start of the next node, and end with 0 after the last', () => {
    expect(cursorAfter(0, '0', 3)).toBe('1');
    expect(placeOf('1', 3)).toEqual({ node: 1, nodeCursor: '0' });
    expect(cursorAfter(1, '0', 3)).toBe('2');
    expect(cursorAfter(2, '0', 3)).toBe('0');
    expect(cursorAfter(1023, '0', 1024)).toBe('0');
  });

  it('are none when the node’s own has no room for the number of the node', () => {
    expect(cursorAfter(1, ((1n << 54n) - 1n).toString(), 3)).toBe(((1n << 64n) - 1023n).toString());
    expect(cursorAfter(1, (1n << 54n).toString(), 3)).toBeUndefined();
  });

  it.each(['', '0', '+0', '-0', '000', '0\0junk'])('start at the first node for %j, as in Redis', (text) =>
    expect(placeOf(text, 3)).toEqual({ node: 0, nodeCursor: '0' }),
  );

  it('are read modulo 2^64 when they are negative, as strtoul does', () => {
    expect(placeOf('-1023', 3)).toEqual({ node: 1, nodeCursor: ((1n << 54n) - 1n).toString() });
  });

  it.each([
    'x',
    ' 1',
    '1 ',
    '1.5',
    '+',
    '-',
    '--1',
    '0x10',
    '18446744073709551616',
    '9'.repeat(400),
    '3',
    '1027',
    '-1',
  ])('are invalid for %j in a pool of three nodes', (text) => expect(placeOf(text, 3)).toBeUndefined());
});
