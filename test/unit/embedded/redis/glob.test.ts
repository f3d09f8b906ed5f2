import { describe, expect, it } from 'vitest';
import { globMatches } from '../../../../src/embedded/redis/glob.js';

describe('glob patterns', () => {
  it.each([
    ['*', '', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['?', '', false],
    ['h[ae]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['[c-a]', 'b', true],
    ['[\\]]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['[abc', 'c', true],
    ['a\\', 'a\\', true],
    ['**', 'x', true],
  ])('%s on %j is %s', (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches);
  });

  it('does not explode on many stars', () => {
    expect(globMatches('*a'.repeat(30) + 'b', 'a'.repeat(5000))).toBe(false);
  });
});
