import { describe, expect, it } from 'vitest';
import { packPoint, PointRing } from '../../../src/routing/point-ring.js';

interface Point {
  readonly value: number;
  readonly node: number;
}

const ringOf = (points: readonly Point[], nodeCount: number): PointRing =>
  new PointRing(
    Float64Array.from(points, ({ value, node }) => packPoint(value, node)),
    Array.from({ length: nodeCount }, (_, i) => i),
    nodeCount,
  );

/** The definition, without index or sorting: the smallest point at or after the hash, else the smallest of all. */
const ownerByDefinition = (points: readonly Point[], hash: number): number => {
  const sorted = [...points].sort((a, b) => a.value - b.value || a.node - b.node);
  return (sorted.find(({ value }) => value >= hash) ?? sorted[0]!).node;
};

const four: readonly Point[] = [
  { value: 10, node: 2 },
  { value: 0x7fffffff, node: 0 },
  { value: 0x80000000, node: 1 },
  { value: 0xfffffff0, node: 2 },
];

describe('a point ring', () => {
  it.each([
    [0, 2],
    [10, 2],
    [11, 0],
    [0x7fffffff, 0],
    [0x80000000, 1],
    [0x80000001, 2],
    [0xfffffff0, 2],
    [0xfffffff1, 2],
    [0xffffffff, 2],
  ])('gives hash %i to node %i', (hash, node) => {
    expect(ringOf(four, 3).ownerOf(hash)).toBe(node);
    expect(ringOf(four, 3).ownerOf(hash | 0)).toBe(node);
  });

  it('lists owners clockwise, each once, wrapping at the end', () => {
    const out = new Int32Array(3);
    expect(ringOf(four, 3).ownersOf(0xfffffff5, 3, out)).toBe(3);
    expect([...out]).toEqual([2, 0, 1]);
    expect(ringOf(four, 3).ownersOf(0x80000000, 2, out)).toBe(2);
    expect([...out.subarray(0, 2)]).toEqual([1, 2]);
  });

  it('lists fewer owners than asked when fewer have points', () => {
    expect(ringOf([{ value: 5, node: 1 }], 3).ownersOf(77, 3, new Int32Array(3))).toBe(1);
  });

  it('gives a point that two nodes share to the lower rank', () => {
    const tied = [1, 0].map((node) => ({ value: 99, node }));
    expect(ringOf(tied, 2).ownerOf(50)).toBe(0);
  });

  it('finds the owner where thousands of points lie close together, and in the empty rest', () => {
    const clump = Array.from({ length: 3000 }, (_, i) => ({ value: 0x9000_0000 + i * 7, node: i % 5 }));
    const ring = ringOf(clump, 5);
    for (let i = -20; i < 3000; i += 3) {
      for (const offset of [0, 1, 6]) {
        const hash = 0x9000_0000 + i * 7 + offset;
        expect(ring.ownerOf(hash)).toBe(ownerByDefinition(clump, hash));
      }
    }
    for (const hash of [0, 0x8fff_ffff, 0xa000_0000, 0xffff_ffff]) {
      expect(ring.ownerOf(hash)).toBe(ownerByDefinition(clump, hash));
    }
  });

  it('shares the circle out by the arcs before its points', () => {
    const quarter = 2 ** 30;
    const ring = ringOf(
      [
        { value: quarter, node: 0 },
        { value: 3 * quarter, node: 1 },
      ],
      2,
    );
    expect([...ring.shares()]).toEqual([0.5, 0.5]);
    expect([...ringOf([{ value: 7, node: 0 }], 1).shares()]).toEqual([1]);
  });

  it('explains a hash by the point that owns it', () => {
    expect(ringOf(four, 3).explain(0xfffffffe)).toEqual({ kind: 'point', node: 2, value: 10, index: 0, of: 4 });
    expect(ringOf(four, 3).explain(11)).toEqual({ kind: 'point', node: 0, value: 0x7fffffff, index: 1, of: 4 });
  });
});
