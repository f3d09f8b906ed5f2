import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Slab, SlabPool } from '../../../src/io/slab.js';

const SLAB_BYTES = 256 * 1024;

/** Takes a place as a channel does. */
function hold(pool: SlabPool, bytes: number): { slab: Slab; start: number } {
  const slab = pool.take(bytes);
  const start = slab.used;
  slab.used += bytes;
  slab.holders++;
  return { slab, start };
}

describe('SlabPool', () => {
  it('puts replies side by side while there is room', () => {
    const pool = new SlabPool();
    const one = hold(pool, 1000);
    const two = hold(pool, SLAB_BYTES - 1000);
    expect(two.slab).toBe(one.slab);
    expect(two.start).toBe(1000);
    expect(pool.inUse).toBe(1);
    expect(hold(pool, 1).slab).not.toBe(one.slab);
    expect(pool.inUse).toBe(2);
  });

  it('begins again at the front once the last reply has left', () => {
    const pool = new SlabPool();
    const [one, two] = [hold(pool, 200_000), hold(pool, 50_000)];
    pool.release(two.slab);
    expect(pool.take(20_000)).not.toBe(one.slab);
    const other = new SlabPool();
    const only = hold(other, 200_000);
    other.release(only.slab);
    expect(hold(other, 200_000)).toEqual({ slab: only.slab, start: 0 });
    expect(other.inUse).toBe(1);
  });

  it('gives what is larger than a slab one of its own, which is not kept', () => {
    const pool = new SlabPool();
    const { slab } = hold(pool, SLAB_BYTES + 1);
    expect(slab.bytes.length).toBe(SLAB_BYTES + 1);
    expect(pool.inUse).toBe(2);
    pool.release(slab);
    expect(pool.inUse).toBe(1);
    expect(pool.take(SLAB_BYTES)).not.toBe(slab);
  });

  it('keeps no more spare slabs than it was told', () => {
    const pool = new SlabPool(2);
    const slabs = new Set(Array.from({ length: 6 }, () => hold(pool, SLAB_BYTES).slab));
    expect(slabs.size).toBe(6);
    for (const slab of slabs) pool.release(slab);
    expect(pool.inUse).toBe(1);
    const again = Array.from({ length: 6 }, () => hold(pool, SLAB_BYTES).slab);
    expect(again.filter((slab) => slabs.has(slab))).toHaveLength(3);
  });

  it('never overwrites a reply that is still held', () => {
    const stepArb = fc.oneof(
      fc.record({
        kind: fc.constant('hold' as const),
        bytes: fc.oneof(fc.integer({ min: 1, max: 64 * 1024 }), fc.integer({ min: 1, max: 2 * SLAB_BYTES })),
        replies: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ kind: fc.constant('release' as const), which: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 60 }), (steps) => {
        const pool = new SlabPool(2);
        const held: { slab: Slab; start: number; length: number; mark: number }[] = [];
        let mark = 0;
        for (const step of steps) {
          if (step.kind === 'release') {
            const [one] = held.length === 0 ? [] : held.splice(step.which % held.length, 1);
            if (one !== undefined) pool.release(one.slab);
          } else {
            // One read with several replies, as in Channel: the read itself is a holder until it is over.
            const slab = pool.take(step.bytes);
            const length = Math.floor(step.bytes / step.replies);
            slab.holders++;
            for (let i = 0; i < step.replies; i++) {
              mark = (mark + 1) % 251;
              const start = slab.used + i * length;
              slab.bytes.fill(mark, start, start + length);
              held.push({ slab, start, length, mark });
              slab.holders++;
            }
            slab.used += step.bytes;
            expect(slab.used).toBeLessThanOrEqual(slab.bytes.length);
            pool.release(slab);
          }
          for (const one of held) {
            if (one.length === 0) continue;
            expect(one.slab.bytes[one.start]).toBe(one.mark);
            expect(one.slab.bytes[one.start + one.length - 1]).toBe(one.mark);
          }
          const slabs = new Set(held.map(({ slab }) => slab));
          expect(pool.inUse).toBeGreaterThanOrEqual(slabs.size);
          expect(pool.inUse).toBeLessThanOrEqual(slabs.size + 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
