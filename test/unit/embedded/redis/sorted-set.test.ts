import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedSet } from '../../../../src/embedded/redis/sorted-set.js';

describe('SortedSet', () => {
  it('keeps members ordered by score and then by bytes through any changes', () => {
    const member = fc.constantFrom('a', 'b', 'c', '\xff', '', 'd', 'e');
    const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), member, fc.integer({ min: -2, max: 2 }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const set = new SortedSet();
        const model = new Map<string, number>();
        for (const [action, name, score] of steps) {
          if (action === 'set') {
            set.set(name, score);
            model.set(name, score);
          } else {
            set.delete(name);
            model.delete(name);
          }
        }
        const expected = [...model]
          .map(([name, score]) => ({ member: name, score }))
          .sort(
            (a, b) =>
              a.score - b.score || Buffer.compare(Buffer.from(a.member, 'latin1'), Buffer.from(b.member, 'latin1')),
          );
        expect(set.slice({ start: 0, end: set.size })).toEqual(expected);
        expect(expected.map((each) => set.rankOf(each.member))).toEqual(expected.map((_, rank) => rank));
        if (set.size === 0) expect(set.bytes).toBe(0);
      }),
    );
  });
});
