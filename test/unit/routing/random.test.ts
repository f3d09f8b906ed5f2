import { describe, expect, it } from 'vitest';
import { RandomDistribution } from '../../../src/routing/random.js';

const nodes = [5, 0, 1, 1].map((weight, i) => ({ id: `n${i}`, weight }));

const drawing = (...values: number[]): (() => number) => {
  let next = 0;
  return () => values[next++ % values.length]!;
};

describe('random', () => {
  it('draws anew for every request among the nodes with weight, all alike', () => {
    const random = new RandomDistribution(nodes, drawing(0, 0.34, 0.67, 0.999));
    expect([1, 2, 3, 4].map(() => random.ownerOf())).toEqual([0, 2, 3, 3]);
    expect([...random.shares()]).toEqual([1 / 3, 0, 1 / 3, 1 / 3]);
  });

  it('lists the drawn node first and then the others', () => {
    const out = new Int32Array(4);
    expect(new RandomDistribution(nodes, drawing(0.5)).ownersOf(0, 4, out)).toBe(3);
    expect([...out.subarray(0, 3)]).toEqual([2, 3, 0]);
  });
});
