import { describe, expect, it } from 'vitest';
import { readLimit, readSortedSetOptions, readWithScores } from '../../../../src/shape/cross-node/options.js';

const SYNTAX = { error: 'ERR syntax error' };

describe('options behind the keys', () => {
  it('are none, or any of them in any order and case', () => {
    expect(readSortedSetOptions([], 2)).toEqual({ weights: [1, 1], aggregate: 'sum', withScores: false });
    expect(readSortedSetOptions(['WithScores', 'AGGREGATE', 'Max', 'weights', '2', '-inf'], 2)).toEqual({
      weights: [2, -Infinity],
      aggregate: 'max',
      withScores: true,
    });
    expect(readWithScores(['withscores', 'WITHSCORES'])).toEqual({ withScores: true });
    expect(readWithScores([])).toEqual({ withScores: false });
    expect(readLimit(['LIMIT', '5', 'limit', '0'])).toEqual({ limit: 0 });
  });

  it.each([['weights 1'], ['aggregate'], ['aggregate avg'], ['limit 1'], ['nonsense'], ['weights 1 2 3']])(
    'of a union of two keys cannot be %s',
    (line) => {
      expect(readSortedSetOptions(line.split(' '), 2)).toEqual(SYNTAX);
    },
  );

  it('tell a weight that is no number before what is wrong behind it', () => {
    const error = { error: 'ERR weight value is not a float' };
    expect(readSortedSetOptions(['weights', '1', 'x', 'nonsense'], 2)).toEqual(error);
    expect(readSortedSetOptions(['nonsense', 'weights', '1', 'x'], 2)).toEqual(SYNTAX);
  });

  it('end at a NUL, as C strings do', () => {
    expect(readWithScores(['withscores\0x'])).toEqual({ withScores: true });
    expect(readWithScores(['withscoresx'])).toEqual(SYNTAX);
  });

  it.each(['-1', 'x', '01', '', '9223372036854775808'])('refuse a limit of %j', (limit) => {
    expect(readLimit(['limit', limit])).toEqual({ error: "ERR LIMIT can't be negative" });
  });

  it('refuse a limit without a number', () => {
    expect(readLimit(['limit'])).toEqual(SYNTAX);
  });
});
