import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWord, parseCount, wordBytes } from '../../../src/command/words.js';

describe('isWord', () => {
  const store = wordBytes('STORE');
  const is = (text: string): boolean => isWord(Buffer.from(`<${text}>`), 1, 1 + text.length, store);

  it('ignores the case of letters', () => {
    expect(['store', 'STORE', 'StOrE'].map(is)).toEqual([true, true, true]);
  });

  it('refuses other words, prefixes and longer words', () => {
    expect(['stor', 'stored', 'score', ''].map(is)).toEqual([false, false, false, false]);
  });

  it('stops at a NUL as the server does', () => {
    expect([is('store\0x'), is('stor\0e')]).toEqual([true, false]);
  });
});

describe('parseCount', () => {
  const parse = (text: string): number => parseCount(Buffer.from(`9${text}9`), 1, 1 + text.length);

  it('reads canonical counts', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), (count) => {
        expect(parse(String(count))).toBe(count);
      }),
    );
  });

  it.each(['', '-1', '+1', ' 1', '1 ', '01', '00', '1.0', '0x1', '1e3', '1000000000', 'a'])('refuses %j', (text) => {
    expect(parse(text)).toBe(-1);
  });
});
