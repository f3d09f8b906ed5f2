/**
 * McReplyFramer on generated replies: each reply ends where it was made to end, however the stream is cut; what it passes
 * can be walked with McValueItems; garbage gives a reply, more, or an error, and never throws.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McReplyKind, type McReplyKindId } from '../../src/protocol/memcache/commands.js';
import { McReplyFramer } from '../../src/protocol/memcache/reply-framer.js';
import { McScan } from '../../src/protocol/memcache/scan.js';
import { McValueItems } from '../../src/protocol/memcache/value-items.js';
import { garbageArb, keyArb } from '../unit/protocol/memcache/arbitraries.js';

interface Reply {
  readonly text: string;
  readonly kind: McReplyKindId;
  readonly body: string;
  readonly isError: boolean;
}

interface Item {
  readonly key: string;
  readonly value: string;
  readonly cas: string;
}

const dataArb = fc.oneof(
  fc.constantFrom('', 'END\r\n', 'VALUE a 0 1\r\n', '\r\n', 'MN\r\n'),
  fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', '\xff'), maxLength: 30 }),
);
const itemArb: fc.Arbitrary<Item> = fc.record({ key: keyArb, value: dataArb, cas: fc.constantFrom('', '1', '987654') });
const itemText = ({ key, value, cas }: Item): string =>
  `VALUE ${key} 0 ${value.length}${cas === '' ? '' : ` ${cas}`}\r\n${value}\r\n`;

const errorArb = fc.constantFrom('ERROR\r\n', 'CLIENT_ERROR bad data chunk\r\n', 'SERVER_ERROR out of memory\r\n');
const plain = (kind: McReplyKindId, ...lines: string[]): fc.Arbitrary<Reply> =>
  fc.constantFrom(...lines).map((line) => ({ kind, text: `${line}\r\n`, body: `${line}\r\n`, isError: false }));
const metaTextArb = fc.oneof(
  fc.constantFrom(
    'HD\r\n',
    'HD c12 Oabc\r\n',
    'EN\r\n',
    'NF\r\n',
    'NS k1\r\n',
    'EX\r\n',
    'ME a exp=-1 la=0\r\n',
    'OK\r\n',
  ),
  dataArb.map((value) => `VA ${value.length} s1 kfoo\r\n${value}\r\n`),
);

const replyArb: fc.Arbitrary<Reply> = fc.oneof(
  plain(McReplyKind.store, 'STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND'),
  plain(McReplyKind.arithmetic, '0', '18446744073709551615', '1 ', 'NOT_FOUND'),
  plain(McReplyKind.delete, 'DELETED', 'NOT_FOUND'),
  plain(McReplyKind.touch, 'TOUCHED', 'NOT_FOUND'),
  plain(McReplyKind.fence, 'MN'),
  plain(McReplyKind.ok, 'OK'),
  plain(McReplyKind.version, 'VERSION 1.6.18'),
  plain(McReplyKind.stats, 'END', 'RESET', 'STAT pid 1\r\nSTAT a b c\r\nEND', 'ITEM a [1 b; 0 s]\r\nEND', 'OK'),
  fc
    .tuple(
      fc.array(itemArb, { maxLength: 5 }),
      fc.oneof({ weight: 5, arbitrary: fc.constant('END\r\n') }, { weight: 1, arbitrary: errorArb }),
    )
    .map(([items, last]): Reply => {
      const text = items.map(itemText).join('') + last;
      return { kind: McReplyKind.values, text, body: text, isError: last !== 'END\r\n' };
    }),
  metaTextArb.map((text): Reply => ({ kind: McReplyKind.meta, text, body: text, isError: false })),
  fc
    .oneof(metaTextArb, fc.constant(''))
    .map((body): Reply => ({ kind: McReplyKind.fencedMeta, text: `${body}MN\r\n`, body, isError: false })),
  fc
    .tuple(errorArb, fc.constantFrom(McReplyKind.store, McReplyKind.delete, McReplyKind.meta, McReplyKind.stats))
    .map(([text, kind]): Reply => ({ kind, text, body: text, isError: true })),
);

interface Framed {
  readonly text: string;
  readonly body: string;
  readonly isError: boolean;
}

/** Feeds the stream in pieces; each call gets the open reply's bytes in a fresh buffer at another offset. */
function frameInPieces(stream: Buffer, kinds: readonly McReplyKindId[], cuts: readonly number[]): Framed[] {
  const framer = new McReplyFramer();
  const framed: Framed[] = [];
  const ends = [...new Set([...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort((a, b) => a - b);
  let open = Buffer.alloc(0);
  let fed = 0;
  for (const [turn, pieceEnd] of ends.entries()) {
    const lead = turn % 3;
    const buf = Buffer.concat([Buffer.alloc(lead, 10), open, stream.subarray(fed, pieceEnd), Buffer.from('\r\n\r\n')]);
    fed = pieceEnd;
    const end = buf.length - 4;
    let pos = lead;
    while (framed.length < kinds.length) {
      const scan = framer.next(buf, pos, end, kinds[framed.length]!);
      if (scan === McScan.more) break;
      if (scan === McScan.error) throw new Error(framer.errorText);
      framed.push({
        text: buf.toString('latin1', framer.replyStart, framer.replyEnd),
        body: buf.toString('latin1', framer.replyStart, framer.bodyEnd),
        isError: framer.isError,
      });
      pos = framer.replyEnd;
    }
    open = buf.subarray(pos, end);
  }
  return framed;
}

describe('McReplyFramer', () => {
  it('ends each reply where it ends, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(replyArb, { maxLength: 6 }), fc.array(fc.nat(800), { maxLength: 15 }), (replies, cuts) => {
        const stream = Buffer.from(replies.map(({ text }) => text).join(''), 'latin1');
        const framed = frameInPieces(
          stream,
          replies.map(({ kind }) => kind),
          cuts,
        );
        expect(framed).toEqual(replies.map(({ text, body, isError }) => ({ text, body, isError })));
      }),
      { numRuns: 500 },
    );
  });

  it('needs no byte before resumeAt again, and knows how much of a value is missing', () => {
    fc.assert(
      fc.property(fc.array(itemArb, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 30 }), (items, step) => {
        const whole = Buffer.from(`${items.map(itemText).join('')}END\r\n`, 'latin1');
        const framer = new McReplyFramer();
        let dropped = 0;
        for (let end = 1; end < whole.length; end += step) {
          const kept = Buffer.from(whole.subarray(dropped, end));
          expect(framer.next(kept, -dropped, end - dropped, McReplyKind.values)).toBe(McScan.more);
          expect(framer.needBytes).toBeLessThanOrEqual(whole.length - end);
          dropped += framer.resumeAt;
        }
        const rest = Buffer.from(whole.subarray(dropped));
        expect(framer.next(rest, -dropped, rest.length, McReplyKind.values)).toBe(McScan.frame);
        expect(framer.replyEnd).toBe(rest.length);
        expect(framer.itemCount).toBe(items.length);
      }),
    );
  });

  it('passes replies whose items McValueItems then finds', () => {
    fc.assert(
      fc.property(fc.array(itemArb, { maxLength: 6 }), (expected) => {
        const buf = Buffer.from(`${expected.map(itemText).join('')}END\r\n`, 'latin1');
        const items = new McValueItems();
        const found: Item[] = [];
        for (let at = 0; items.read(buf, at, buf.length); at = items.itemEnd) {
          found.push({
            key: buf.toString('latin1', items.keyStart, items.keyEnd),
            value: buf.toString('latin1', items.valueStart, items.valueEnd),
            cas: buf.toString('latin1', items.casStart, items.casEnd),
          });
        }
        expect(found).toEqual(expected);
      }),
    );
  });

  it('never throws on garbage, and never ends a reply beyond the bytes it has', () => {
    const garbledArb = fc
      .tuple(replyArb, garbageArb, fc.nat(20))
      .map(([{ text }, garbage, at]) => text.slice(0, at) + garbage + text.slice(at));
    fc.assert(
      fc.property(garbledArb, fc.integer({ min: 1, max: 11 }), (text, kind) => {
        const buf = Buffer.from(text, 'latin1');
        const framer = new McReplyFramer();
        const scan = framer.next(buf, 0, buf.length, kind as McReplyKindId);
        if (scan === McScan.frame) expect(framer.replyEnd).toBeLessThanOrEqual(buf.length);
        else expect([McScan.more, McScan.error]).toContain(scan);
      }),
      { numRuns: 1000 },
    );
  });
});
