import { describe, expect, it } from 'vitest';
import { checkNodes, ownersFromRuns, ownersFromTable, runEnds } from '../../../src/routing/distribution.js';

describe('checkNodes', () => {
  it.each([
    ['no nodes', [], /at least one node/],
    ['an id used twice', [{ id: 'a', weight: 1 }, { id: 'a', weight: 2 }], /"a" is used twice/], // prettier-ignore
    ['a negative weight', [{ id: 'a', weight: -1 }], /at least 0, got -1/],
    ['a fraction', [{ id: 'a', weight: 0.5 }], /whole number/],
    ['only weights of 0', [{ id: 'a', weight: 0 }], /weight above 0/],
    ['too many nodes', Array.from({ length: 65_536 }, (_, i) => ({ id: `${i}`, weight: 1 })), /at most 65535/],
  ])('refuses %s', (_, nodes, message) => {
    expect(() => checkNodes(nodes)).toThrow(message);
  });
});

describe('owners from a table', () => {
  it('are the same whether it is walked by slots or by runs', () => {
    const table = Uint16Array.of(1, 1, 2, 2, 2, 0, 1, 3, 3);
    const ends = runEnds(table);
    for (let slot = 0; slot < table.length; slot++) {
      for (let count = 0; count <= 5; count++) {
        const bySlots = new Int32Array(5).fill(-1);
        const byRuns = new Int32Array(5).fill(-1);
        expect(ownersFromRuns(table, ends, slot, count, byRuns)).toBe(ownersFromTable(table, slot, count, bySlots));
        expect(byRuns).toEqual(bySlots);
      }
    }
  });
});
