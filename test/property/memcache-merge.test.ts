/**
 * McMerger against a model: nodes that hold some of the keys, each asked for its own in the client's order.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type McAskedKeys, type McReplyPart, McMerger } from '../../src/protocol/memcache/merge.js';
const KEYS = ['a', 'b', 'ab', 'c', 'key:1', 'key:2', 'k'.repeat(250)];
const ownerOf = (key: string, nodeCount: number): number => KEYS.indexOf(key) % nodeCount;
const itemText = (key: string, value: string, cas = ''): string =>
  `VALUE ${key} 0 ${value.length}${cas}\r\n${value}\r\n`;

interface Reply extends McReplyPart {
  readonly bytes: Buffer;
}

/** A reply that does not begin where its memory does. */
function replyOf(text: string): Reply {
  const bytes = Buffer.from(`xx${text}`, 'latin1');
  return { bytes, start: 2, end: bytes.length };
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** `gap`: what stands between two keys. */
function asking(keys: readonly string[], partOf: readonly number[], parts: number, gap = ' '): McAskedKeys {
  const line = Buffer.from(keys.join(gap), 'latin1');
  const keyAt: number[] = [];
  let at = 0;
  for (const key of keys) {
    keyAt.push(at, at + key.length);
    at += key.length + gap.length;
  }
  return {
    line,
    lineView: viewOf(line),
    keyAt: Int32Array.from(keyAt),
    keys: keys.length,
    partOf: Uint16Array.from(partOf),
    parts,
  };
}

function merge(merger: McMerger, asked: McAskedKeys, replies: readonly Reply[]): boolean {
  return merger.merge(
    asked,
    replies,
    replies.map(({ bytes }) => viewOf(bytes)),
  );
}

function mergedText(merger: McMerger, replies: readonly Reply[]): string {
  let text = '';
  for (let r = 0; r < merger.rangeCount; r++) {
    const [part, start, end] = merger.ranges.subarray(3 * r, 3 * r + 3);
    text += replies[part!]!.bytes.toString('latin1', start, end);
  }
  return text;
}

const storeArb = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('', '1', 'END\r\n', 'VALUE a 0 1\r\n'), {
  noNullPrototype: true,
});
const askedArb = fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 40 });

describe('McMerger', () => {
  const merger = new McMerger();

  it('gives the items in the order of the keys asked, duplicates twice, missing ones not at all', () => {
    const cases = fc.tuple(
      storeArb,
      askedArb,
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      fc.constantFrom(' ', '   '),
    );
    fc.assert(
      fc.property(cases, ([store, asked, nodeCount, withCas, gap]) => {
        const textOf = (key: string): string =>
          Object.hasOwn(store, key) ? itemText(key, store[key]!, withCas ? ' 18446744073709551615' : '') : '';
        const replies = Array.from({ length: nodeCount }, (_, node) => {
          const own = asked.filter((key) => ownerOf(key, nodeCount) === node);
          return replyOf(`${own.map(textOf).join('')}END\r\n`);
        });
        const owners = asked.map((key) => ownerOf(key, nodeCount));
        expect(merge(merger, asking(asked, owners, nodeCount, gap), replies)).toBe(true);
        expect(mergedText(merger, replies)).toBe(asked.map(textOf).join(''));
        if (nodeCount === 1) expect(merger.rangeCount).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('joins neighbours of one node into one range', () => {
    const replies = [itemText('a', '1') + itemText('b', '2'), itemText('c', '3')].map((text) =>
      replyOf(`${text}END\r\n`),
    );
    expect(merge(merger, asking(['a', 'x', 'b', 'c'], [0, 1, 0, 1], 2), replies)).toBe(true);
    expect(merger.rangeCount).toBe(2);
  });

  it('does not take an item for one whose key is its beginning', () => {
    const replies = [`${itemText('ab', '1')}END\r\n`, `${itemText('b', '2')}END\r\n`].map(replyOf);
    expect(merge(merger, asking(['a', 'b', 'ab'], [0, 1, 0], 2), replies)).toBe(true);
    expect(mergedText(merger, replies)).toBe(itemText('b', '2') + itemText('ab', '1'));
  });

  it.each([
    ['a control character in the key', 'k\r1', 'VALUE k\r1 0 1\r\n1\r\n'],
    ['a sign before the length', 'k', 'VALUE k 0 +1\r\n1\r\n'],
    ['a CR within the CAS value', 'k', 'VALUE k 0 1 5\r5\r\n1\r\n'],
    ['no flags', 'k', 'VALUE k  1\r\n1\r\n'],
  ])('finds the end of an item with %s, as the framer does', (_title, key, item) => {
    const replies = [replyOf(`${item}${itemText('z', '2')}END\r\n`)];
    expect(merge(merger, asking([key, 'z'], [0, 0], 1), replies)).toBe(true);
    expect(mergedText(merger, replies)).toBe(item + itemText('z', '2'));
  });

  it('takes the items before an error that stands in the place of END', () => {
    const replies = [replyOf(`${itemText('a', '1')}SERVER_ERROR out of memory\r\n`)];
    expect(merge(merger, asking(['a', 'b'], [0, 0], 1), replies)).toBe(true);
    expect(mergedText(merger, replies)).toBe(itemText('a', '1'));
  });

  it('tells when a node answers a key that it was not asked for, or out of order', () => {
    const [longA, longB] = ['k'.repeat(9) + 'a', 'k'.repeat(9) + 'b'] as const;
    const answers = [
      itemText('b', '1') + itemText('a', '1'),
      itemText('c', '1'),
      itemText('a', '1').repeat(2),
      itemText(longB, '1'),
      itemText(`x${longA.slice(1)}`, '1'),
    ];
    for (const answer of answers) {
      const replies = [replyOf(`${answer}END\r\n`)];
      expect(merge(merger, asking(['a', 'b', longA], [0, 0, 0], 1), replies)).toBe(false);
      expect(merger.isLeftOver(replies[0]!, 0)).toBe(true);
    }
  });
});
