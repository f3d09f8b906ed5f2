import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import { Maglev } from '../../../src/routing/maglev.js';

const nodes = (weights: readonly number[]): { id: string; weight: number }[] =>
  weights.map((weight, i) => ({ id: `cache-${i}`, weight }));

describe('maglev', () => {
  it.each([2, 7, 100, 655, 700])('gives each of %i equal nodes the same number of slots, to one', (count) => {
    const shares = new Maglev(nodes(Array.from({ length: count }, () => 1))).shares();
    const size = count > 655 ? 655_373 : 65_537;
    const slots = Array.from(shares, (share) => Math.round(share * size));
    expect(Math.max(...slots) - Math.min(...slots)).toBeLessThanOrEqual(1);
  });

  it('shares slots out by weight', () => {
    const shares = new Maglev(nodes([1, 2, 0, 5])).shares();
    for (const [i, expected] of [1 / 8, 2 / 8, 0, 5 / 8].entries()) expect(shares[i]).toBeCloseTo(expected, 3);
  });

  it('refuses weights too far apart and too many nodes', () => {
    expect(() => new Maglev(nodes([1, 1001]))).toThrow(/factor of at most 1000/);
    expect(() => new Maglev(nodes(Array.from({ length: 6554 }, () => 1)))).toThrow(ConfigError);
  });
});
