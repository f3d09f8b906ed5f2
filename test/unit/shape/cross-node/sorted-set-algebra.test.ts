import { describe, expect, it } from 'vitest';
import {
  inOrder,
  intersectionOfScores,
  unionOfScores,
  type WeightedScores,
} from '../../../../src/shape/cross-node/sorted-set-algebra.js';

const of = (scores: Readonly<Record<string, number>>, weight = 1): WeightedScores => ({
  scores: new Map(Object.entries(scores)),
  weight,
});

describe('sorted sets', () => {
  it('unite with weights and aggregates', () => {
    const inputs = [of({ a: 1, b: 2 }, 2), of({ b: 3, c: 4 }, -1)];
    expect([...unionOfScores(inputs, 'sum')]).toEqual([['a', 2], ['b', 1], ['c', -4]]); // prettier-ignore
    expect(unionOfScores(inputs, 'min').get('b')).toBe(-3);
    expect(unionOfScores(inputs, 'max').get('b')).toBe(4);
  });

  it('intersect with weights and aggregates', () => {
    const inputs = [of({ a: 1, b: 2 }, 2), of({ b: 3, c: 4 }, -1)];
    expect([...intersectionOfScores(inputs, 'sum')]).toEqual([['b', 1]]);
    expect([...intersectionOfScores(inputs, 'min')]).toEqual([['b', -3]]);
    expect(intersectionOfScores([...inputs, of({})], 'max').size).toBe(0);
    expect(intersectionOfScores([], 'sum').size).toBe(0);
  });

  it('count infinity that meets its opposite, or a weight of 0, as 0', () => {
    for (const combine of [unionOfScores, intersectionOfScores]) {
      expect(combine([of({ a: Infinity }), of({ a: -Infinity })], 'sum').get('a')).toBe(0);
      expect(combine([of({ a: Infinity }, 0), of({ a: 5 })], 'sum').get('a')).toBe(5);
    }
  });

  it('lose the sum so far when an intersection adds infinity times 0, as redis-server does', () => {
    expect(intersectionOfScores([of({ a: 5 }), of({ a: Infinity }, 0)], 'sum').get('a')).toBe(0);
    expect(unionOfScores([of({ a: 5 }), of({ a: Infinity }, 0)], 'sum').get('a')).toBe(5);
    expect(intersectionOfScores([of({ a: 5 }), of({ a: Infinity }, 0)], 'min').get('a')).toBe(5);
  });

  it('add up from the smallest, equal ones in the order of the keys', () => {
    const large = of({ a: 0.1, b: 0, c: 0 });
    const [middle, other] = [of({ a: 0.2, b: 0 }), of({ a: 0.3, b: 0 })];
    expect(unionOfScores([large, middle, other], 'sum').get('a')).toBe(0.2 + 0.3 + 0.1);
    expect(intersectionOfScores([large, other, middle], 'sum').get('a')).toBe(0.3 + 0.2 + 0.1);
    expect(unionOfScores([of({ a: 0.1 }), of({ a: 0.2 }), of({ a: 0.3 })], 'sum').get('a')).toBe(0.1 + 0.2 + 0.3);
  });

  it('are ordered by score, then by the bytes of the member', () => {
    const scores: [string, number][] = [['b', 1], ['\xff', 0], ['a', 1], ['', -0], ['z', -Infinity]]; // prettier-ignore
    expect(inOrder(scores).map(({ member }) => member)).toEqual(['z', '', '\xff', 'a', 'b']);
  });
});
