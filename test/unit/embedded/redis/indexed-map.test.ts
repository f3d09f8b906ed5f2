import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IndexedMap } from '../../../../src/embedded/redis/indexed-map.js';

describe('IndexedMap', () => {
  it('holds what a Map holds', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const map = new IndexedMap<number>();
        const model = new Map<string, number>();
        for (const [action, key, value] of steps) {
          if (action === 'set') {
            map.set(key, value);
            model.set(key, value);
          } else expect(map.delete(key)).toBe(model.delete(key));
        }
        expect(new Map(map.keys().map((key) => [key, map.get(key)]))).toEqual(model);
        expect(map.size).toBe(model.size);
      }),
    );
  });

  it('scans every key that is there throughout, whatever comes and goes meanwhile', () => {
    const meddling = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 99 })), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(meddling, { minLength: 60, maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        (rounds, count) => {
          const map = new IndexedMap<boolean>();
          const staying = Array.from({ length: 30 }, (_, index) => `stays-${index}`);
          staying.forEach((key, index) => {
            map.set(key, true);
            map.set(`goes-${index}`, true);
          });
          const seen = new Set<string>();
          let cursor = 0;
          let round = 0;
          do {
            cursor = map.scan(cursor, count, (key) => seen.add(key));
            for (const [adds, index] of rounds[round % rounds.length]!) {
              if (adds) map.set(`goes-${index}`, true);
              else map.delete(`goes-${index}`);
            }
            round += 1;
          } while (cursor !== 0 && round < 10_000);
          expect(staying.filter((key) => !seen.has(key))).toEqual([]);
        },
      ),
    );
  });
});
