/**
 * McMerger against a model: nodes that hold some of the keys, each asked for its own in the client's order.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McMerger } from '../../src/protocol/memcache/merge.js';
import { McRequestFramer } from '../../src/protocol/memcache/request-framer.js';
import { McScan } from '../../src/protocol/memcache/scan.js';

const KEYS = ['a', 'b', 'ab', 'c', 'key:1', 'key:2', 'k'.repeat(250)];
const ownerOf = (key: string, nodeCount: number): number => KEYS.indexOf(key) % nodeCount;
const itemText = (key: string, value: string): string => `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;

function mergedText(merger: McMerger, parts: readonly { readonly buf: Buffer }[]): string {
  let text = '';
  for (let r = 0; r < merger.rangeCount; r++) {
    const [part, start, end] = merger.ranges.subarray(3 * r, 3 * r + 3);
    text += parts[part!]!.buf.toString('latin1', start, end);
  }
  return text;
}

function frame(keys: readonly string[]): { readonly framer: McRequestFramer; readonly request: Buffer } {
  const request = Buffer.from(`get ${keys.join(' ')}\r\n`);
  const framer = new McRequestFramer();
  expect(framer.next(request, 0, request.length)).toBe(McScan.frame);
  return { framer, request };
}

const storeArb = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('', '1', 'END\r\n', 'VALUE a 0 1\r\n'), {
  noNullPrototype: true,
});
const askedArb = fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 40 });

describe('McMerger', () => {
  const merger = new McMerger();

  it('gives the items in the order of the keys asked, duplicates twice, missing ones not at all', () => {
    fc.assert(
      fc.property(storeArb, askedArb, fc.integer({ min: 1, max: 12 }), (store, asked, nodeCount) => {
        const textOf = (key: string): string => (Object.hasOwn(store, key) ? itemText(key, store[key]!) : '');
        const parts = Array.from({ length: nodeCount }, (_, node) => {
          const own = asked.filter((key) => ownerOf(key, nodeCount) === node);
          const buf = Buffer.from(`xx${own.map(textOf).join('')}END\r\n`, 'latin1');
          return { buf, start: 2, end: buf.length };
        });
        const { framer, request } = frame(asked);
        const owners = Int32Array.from(asked, (key) => ownerOf(key, nodeCount));
        expect(merger.merge(request, framer.args, framer.firstKey, framer.keyCount, owners, parts)).toBe(true);
        expect(mergedText(merger, parts)).toBe(asked.map(textOf).join(''));
        if (nodeCount === 1) expect(merger.rangeCount).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('does not take an item for one whose key is its beginning', () => {
    const { framer, request } = frame(['a', 'b', 'ab']);
    const parts = [`${itemText('ab', '1')}END\r\n`, `${itemText('b', '2')}END\r\n`].map((text) => {
      const buf = Buffer.from(text);
      return { buf, start: 0, end: buf.length };
    });
    const owners = Int32Array.of(0, 1, 0);
    expect(merger.merge(request, framer.args, framer.firstKey, framer.keyCount, owners, parts)).toBe(true);
    expect(mergedText(merger, parts)).toBe(itemText('b', '2') + itemText('ab', '1'));
  });

  it('tells when a node answers a key that it was not asked for, or out of order', () => {
    const answers = [itemText('b', '1') + itemText('a', '1'), itemText('c', '1'), itemText('a', '1').repeat(2)];
    for (const answer of answers) {
      const buf = Buffer.from(`${answer}END\r\n`);
      const { framer, request } = frame(['a', 'b']);
      const parts = [{ buf, start: 0, end: buf.length }];
      expect(merger.merge(request, framer.args, framer.firstKey, framer.keyCount, new Int32Array(2), parts)).toBe(
        false,
      );
    }
  });
});
