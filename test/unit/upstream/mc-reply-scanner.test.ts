import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McReplyKind } from '../../../src/protocol/memcache/commands.js';
import { MC_REPLY_LIMITS } from '../../../src/protocol/memcache/reply-framer.js';
import { Scan } from '../../../src/protocol/resp/scan.js';
import { McReplyScanner } from '../../../src/upstream/mc-reply-scanner.js';

const item = (key: string, value: string): string => `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;
const REPLIES: readonly (readonly [text: string, kind: number])[] = [
  ['STORED\r\n', McReplyKind.store],
  ['END\r\n', McReplyKind.values],
  [`${item('a', 'x'.repeat(40))}${item('b', 'END\r\n')}END\r\n`, McReplyKind.values],
  [`VA 12 kfoo\r\n${'MN\r\n'.repeat(3)}\r\nMN\r\n`, McReplyKind.fencedMeta],
  ['MN\r\n', McReplyKind.fencedMeta],
  ['SERVER_ERROR out of memory\r\n', McReplyKind.meta],
  ['STAT a 1\r\nSTAT b 2\r\nEND\r\n', McReplyKind.stats],
];

/** Shows the stream as a channel does that drops all that has been scanned; returns the length of each reply. */
function scanInPieces(stream: Buffer, kinds: readonly number[], cuts: readonly number[]): number[] {
  const scanner = new McReplyScanner(MC_REPLY_LIMITS);
  const lengths: number[] = [];
  let kept = Buffer.alloc(0);
  let dropped = 0;
  let replyStart = 0;
  const stops = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  let shown = 0;
  for (const stop of stops) {
    kept = Buffer.concat([kept, stream.subarray(shown, stop)]);
    shown = stop;
    let pos = 0;
    while (lengths.length < kinds.length && (pos < kept.length || stop < stream.length)) {
      const result = scanner.scan(kept, pos, kept.length, kinds[lengths.length]!);
      if (result === Scan.more) {
        pos = scanner.consumed;
        break;
      }
      expect(result).toBe(Scan.frame);
      lengths.push(dropped + scanner.end - replyStart);
      replyStart = dropped + scanner.end;
      pos = scanner.end;
    }
    kept = kept.subarray(pos);
    dropped += pos;
  }
  return lengths;
}

describe('McReplyScanner', () => {
  it('finds the same replies however the stream is cut, without the bytes it has done with', () => {
    const cutsArb = fc.array(fc.nat(400), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...REPLIES), { minLength: 1, maxLength: 6 }), cutsArb, (replies, cuts) => {
        const stream = Buffer.from(replies.map(([text]) => text).join(''), 'latin1');
        const kinds = replies.map(([, kind]) => kind);
        expect(scanInPieces(stream, kinds, cuts)).toEqual(replies.map(([text]) => text.length));
      }),
    );
  });

  it('says how much of a long value is missing, so that it can be streamed', () => {
    const scanner = new McReplyScanner(MC_REPLY_LIMITS);
    const head = Buffer.from('VALUE k 0 100000\r\nabc');
    expect(scanner.scan(head, 0, head.length, McReplyKind.values)).toBe(Scan.more);
    expect(scanner.consumed).toBe(head.length);
    expect(scanner.bytesExpected).toBe(100_000 - 3 + 2);
  });

  it('refuses a reply of another kind, with a reason for the log', () => {
    const scanner = new McReplyScanner(MC_REPLY_LIMITS);
    expect(scanner.scan(Buffer.from('DELETED\r\n'), 0, 9, McReplyKind.store)).toBe(Scan.error);
    expect(scanner.error).toBe('reply line that cannot answer the request');
  });
});
