import { describe, expect, it } from 'vitest';
import { HyperLogLogUnion } from '../../../../src/shape/cross-node/hyperloglog.js';

const REGISTERS = 16_384;
const header = (encoding: number): number[] => [...Buffer.from('HYLL'), encoding, ...Array<number>(11).fill(0)];
const sparse = (...runs: number[]): Buffer => Buffer.from([...header(1), ...runs]);

/** A dense value of these registers, the others 0. */
function dense(registers: Readonly<Record<number, number>>): Buffer {
  const value = Buffer.concat([Buffer.from(header(0)), Buffer.alloc((REGISTERS * 6) / 8)]);
  for (const [register, count] of Object.entries(registers)) {
    const bit = Number(register) * 6;
    for (let i = 0; i < 6; i++) {
      if (((count >> i) & 1) === 1) value[16 + ((bit + i) >> 3)]! |= 1 << ((bit + i) & 7);
    }
  }
  return value;
}

function estimateOf(...values: readonly Buffer[]): bigint {
  const union = new HyperLogLogUnion();
  for (const value of values) expect(union.add(value)).toBeUndefined();
  return union.estimate();
}

describe('HyperLogLog values', () => {
  it('count nothing when all registers are 0, dense or sparse', () => {
    expect(estimateOf()).toBe(0n);
    expect(estimateOf(dense({}), sparse(0x7f, 0xff))).toBe(0n);
  });

  it('read the same from both representations', () => {
    // 100 registers of 0, two of 3, one of 32, the rest 0 in a short and a long run.
    const runs = sparse(0x40, 99, 0x80 | (2 << 2) | 1, 0x80 | (31 << 2), 0x3f, 0x7f, 0xff - 100 - 3 - 64);
    const same = dense({ 100: 3, 101: 3, 102: 32 });
    expect(estimateOf(runs)).toBe(estimateOf(same));
    expect(estimateOf(runs, same)).toBe(3n);
    expect(estimateOf(runs, dense({ 100: 2, 7: 1, 16_383: 1 }))).toBe(5n);
  });

  it('unite to the largest value of each register', () => {
    const registers = (value: (register: number) => number): Buffer =>
      dense(Object.fromEntries(Array.from({ length: REGISTERS }, (_, register) => [register, value(register)])));
    const one = registers((register) => (register % 2 === 0 ? 6 : 1));
    const other = registers((register) => (register % 2 === 0 ? 2 : 6));
    expect(estimateOf(one, other)).toBe(estimateOf(registers(() => 6)));
  });

  it('answer what redis-server does when no estimate is possible', () => {
    const full = Buffer.concat([Buffer.from(header(0)), Buffer.alloc((REGISTERS * 6) / 8, 0xff)]);
    expect(estimateOf(full)).toBe(-(2n ** 63n));
  });

  it.each([
    ['too few registers', sparse(0x7f, 0xfe)],
    ['too many registers', sparse(0x7f, 0xff, 0x00)],
    ['values past the last register', sparse(0x7f, 0xfe, 0x83)],
    ['no registers', sparse()],
    ['a run that is cut', sparse(0x7f)],
  ])('are corrupted with %s', (_title, value) => {
    expect(new HyperLogLogUnion().add(value)).toBe('corrupted');
  });

  it.each([
    ['too short', Buffer.from('HYLL')],
    ['without the magic', Buffer.concat([Buffer.from('HYLX'), sparse(0x7f, 0xff).subarray(4)])],
    ['of an unknown encoding', Buffer.concat([Buffer.from(header(2)), Buffer.from([0x7f, 0xff])])],
    ['dense and one byte short', dense({}).subarray(1)],
    ['dense and one byte long', Buffer.concat([dense({}), Buffer.alloc(1)])],
  ])('are something else when they are %s', (_title, value) => {
    expect(new HyperLogLogUnion().add(value)).toBe('not-hyperloglog');
  });
});
