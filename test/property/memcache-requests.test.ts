/**
 * McRequestFramer on generated streams: the frames it finds are those that were put in, whichever way the stream is cut,
 * moved and dropped behind it; garbage costs bounded memory and never throws.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MC_COMMANDS } from '../../src/protocol/memcache/commands.js';
import { McRequestFramer } from '../../src/protocol/memcache/request-framer.js';
import { McScan } from '../../src/protocol/memcache/scan.js';
import {
  type ValidRequest,
  brokenRequestArb,
  garbageArb,
  validRequestArb,
} from '../unit/protocol/memcache/arbitraries.js';

/** What one call found, without offsets, so that runs over different buffers can be compared. */
interface Found {
  readonly bytes: string;
  readonly command: string;
  readonly keys: readonly string[];
  readonly value: string | null;
  readonly noreply: boolean;
  readonly quiet: boolean;
  readonly error: string | null;
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1');

function keysOf(framer: McRequestFramer, buf: Uint8Array): string[] {
  if (framer.decodedKeyLength > 0) return [latin1(framer.decodedKey, 0, framer.decodedKeyLength)];
  return Array.from({ length: framer.keyCount }, (_, i) => {
    const at = 2 * (framer.firstKey + i);
    return latin1(buf, framer.args[at]!, framer.args[at + 1]!);
  });
}

function describeFrame(framer: McRequestFramer, buf: Uint8Array, isError: boolean): Found {
  return {
    bytes: latin1(buf, framer.frameStart, framer.frameEnd),
    command: MC_COMMANDS[framer.command]!.name,
    keys: isError ? [] : keysOf(framer, buf),
    value: isError || framer.valueLength < 0 ? null : latin1(buf, framer.valueStart, framer.valueEnd),
    noreply: framer.noreply,
    quiet: framer.quiet,
    error: isError ? latin1(framer.errorReply, 0, framer.errorReply.length) : null,
  };
}

/**
 * Feeds the stream in pieces that end at the cuts. Each call gets a fresh buffer that holds the open frame's bytes at
 * another offset, with bytes before and behind that must not be looked at.
 */
function frameInPieces(stream: Buffer, cuts: readonly number[]): Found[] {
  const framer = new McRequestFramer();
  const found: Found[] = [];
  let open = Buffer.alloc(0);
  const ends = [...new Set([...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort((a, b) => a - b);
  let fed = 0;
  for (const [turn, pieceEnd] of ends.entries()) {
    const lead = turn % 3;
    const buf = Buffer.concat([Buffer.alloc(lead, 10), open, stream.subarray(fed, pieceEnd), Buffer.from('\r\n\r\n')]);
    fed = pieceEnd;
    const end = buf.length - 4;
    let pos = lead;
    for (;;) {
      const scan = framer.next(buf, pos, end);
      if (scan === McScan.more) break;
      found.push(describeFrame(framer, buf, scan === McScan.error));
      if (framer.fatal) return found;
      pos = framer.frameEnd;
    }
    open = buf.subarray(framer.frameStart, end);
  }
  return found;
}

const cutsArb = fc.array(fc.nat(600), { maxLength: 12 });
const asFound = ({ text, command, keys, value, noreply, quiet }: ValidRequest): Found => ({
  ...{ bytes: text, command, keys, value, noreply, quiet },
  error: null,
});

describe('McRequestFramer', () => {
  it('finds the requests that were put in, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(validRequestArb, { maxLength: 6 }), cutsArb, (requests, cuts) => {
        const stream = Buffer.from(requests.map(({ text }) => text).join(''), 'latin1');
        expect(frameInPieces(stream, cuts)).toEqual(requests.map(asFound));
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same when every byte comes alone', () => {
    fc.assert(
      fc.property(fc.array(validRequestArb, { maxLength: 3 }), (requests) => {
        const stream = Buffer.from(requests.map(({ text }) => text).join(''), 'latin1');
        const cuts = Array.from({ length: stream.length }, (_, i) => i);
        expect(frameInPieces(stream, cuts)).toEqual(requests.map(asFound));
      }),
    );
  });

  it('finds the same frames and errors in broken streams and garbage, however they are cut', () => {
    const pieceArb = fc.oneof(brokenRequestArb, garbageArb);
    fc.assert(
      fc.property(fc.array(pieceArb, { maxLength: 5 }), cutsArb, (pieces, cuts) => {
        const stream = Buffer.from(`mn\r\n${pieces.join('')}`, 'latin1');
        expect(frameInPieces(stream, cuts)).toEqual(frameInPieces(stream, []));
      }),
      { numRuns: 500 },
    );
  });

  it('reads no byte of a value before resumeAt again, so that it can be passed on and dropped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (value, step) => {
        const line = `set k 0 0 ${value.length}\r\n`;
        const whole = Buffer.concat([Buffer.from(line), value, Buffer.from('\r\n')]);
        const framer = new McRequestFramer();
        let dropped = 0;
        for (let end = line.length; end < whole.length; end += step) {
          const kept = Buffer.from(whole.subarray(dropped, end));
          expect(framer.next(kept, -dropped, end - dropped)).toBe(McScan.more);
          expect(framer.isInValue).toBe(true);
          expect(framer.needBytes).toBe(whole.length - end);
          dropped += framer.resumeAt;
        }
        expect(framer.next(Buffer.from(whole.subarray(dropped)), -dropped, whole.length - dropped)).toBe(McScan.frame);
        expect(framer.frameEnd).toBe(whole.length - dropped);
      }),
    );
  });

  it('keeps memory bounded on lines of many words', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('get', 'gat', 'set', 'mg', 'zz'),
        fc.integer({ min: 1, max: 60_000 }),
        (word, count) => {
          const framer = new McRequestFramer();
          const stream = Buffer.from(`${word}${' 1'.repeat(count)}\r\n`);
          const scan = framer.next(stream, 0, stream.length);
          expect(framer.args.length).toBeLessThanOrEqual(65_536);
          if (count > 16_384) expect(scan).toBe(McScan.error);
          expect(framer.fatal).toBe(word !== 'get' && stream.length > 2050);
        },
      ),
      { numRuns: 60 },
    );
  });
});
