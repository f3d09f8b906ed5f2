import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/config/nearest.js';

describe('nearest', () => {
  it.each([
    ['wieght', 'weight'],
    ['Weight', 'weight'],
    ['prot', 'port'],
    ['listeners_', 'listeners'],
    ['inflight_per_node', 'in_flight_per_node'],
  ])('finds for %s the word %s', (word, found) => {
    expect(nearest(word, ['host', 'port', 'weight', 'listeners', 'in_flight_per_node'])).toBe(found);
  });

  it('finds nothing for a word that is far from all', () => {
    expect(nearest('replication', ['host', 'port', 'weight'])).toBeNull();
    expect(nearest('id', ['host', 'port'])).toBeNull();
    expect(nearest('x', [])).toBeNull();
  });
});

describe('editDistance', () => {
  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('wieght', 'weight')).toBe(1);
  });

  it('is symmetric, 0 only for equal words, and at most the longer length', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});
