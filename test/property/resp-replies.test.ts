/**
 * ReplyFramer on generated replies, fed as a channel feeds it: after a cut only the bytes from `consumed` on are shown
 * again. Replies end where they were made to end however the stream is cut, and what encodeReply writes is one reply.
 * Garbage gives an error, never a throw, at a bounded price.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeReply } from '../../src/protocol/resp/encoder.js';
import { ReplyFramer } from '../../src/protocol/resp/reply-framer.js';
import { Scan } from '../../src/protocol/resp/scan.js';
import type { ReplyValue } from '../../src/protocol/resp/value.js';
import { counting } from '../unit/protocol/resp/counting.js';

const limits = { nestingMax: 16, lineBytesMax: 2048 };

interface Outcome {
  /** Length and type of each reply. */
  readonly found: readonly (readonly [length: number, type: string])[];
  readonly error: string;
  readonly isMidFrame: boolean;
}

/** Passes pieces by as a channel does. Every call sees a buffer that holds the bytes to be seen and no others. */
function pass(pieces: readonly Buffer[]): Outcome {
  const framer = new ReplyFramer(limits);
  const found: [number, string][] = [];
  let kept = Buffer.alloc(0);
  /** Bytes of the reply in progress that are done with. */
  let passed = 0;
  for (const piece of pieces) {
    const bytes = Buffer.concat([kept, piece]);
    let pos = 0;
    for (;;) {
      const result = framer.scan(bytes, pos, bytes.length);
      if (result === Scan.error) return { found, error: framer.error, isMidFrame: true };
      if (result === Scan.more) break;
      found.push([passed + framer.end - pos, String.fromCharCode(framer.type)]);
      pos = framer.end;
      passed = 0;
    }
    expect(framer.consumed).toBeGreaterThanOrEqual(pos);
    expect(framer.consumed).toBeLessThanOrEqual(bytes.length);
    passed += framer.consumed - pos;
    kept = bytes.subarray(framer.consumed);
    expect(kept.length).toBeLessThanOrEqual(limits.lineBytesMax + 2);
    if (framer.bytesExpected > 0) expect(kept).toHaveLength(0);
  }
  return { found, error: '', isMidFrame: framer.isMidFrame };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => Math.floor(place * bytes.length)))].sort((a, b) => a - b);
  const starts = [0, ...ends];
  return starts.map((start, i) => bytes.subarray(start, ends[i] ?? bytes.length)).filter(({ length }) => length > 0);
}

const placesArb = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 30 });
const dataArb = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', '\xff', '$', '*', '+'), maxLength: 120 }),
  fc.integer({ min: 100, max: 70 * 1024 }).map((length) => '\r\n'.repeat(length >> 1)),
);
const lineArb = fc
  .string({ unit: fc.constantFrom('a', ' ', '$', '1', '\r', '\xff'), maxLength: 60 })
  .map((line) => `${line}x`);

/** The wire form of one value of RESP2 or RESP3. */
const { wire } = fc.letrec<{ wire: string; attributed: string }>((tie) => {
  const items = fc.array(tie('wire'), { maxLength: 5 });
  const pairs = fc.array(
    fc.tuple(tie('wire'), tie('wire')).map(([key, value]) => key + value),
    { maxLength: 3 },
  );
  const counted = (sign: string) => items.map((all) => `${sign}${all.length}\r\n${all.join('')}`);
  const value = fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(fc.constantFrom('+', '-', ':', ',', '('), lineArb).map(([sign, line]) => `${sign}${line}\r\n`),
    fc.constantFrom('$-1\r\n', '*-1\r\n', '_\r\n', '#t\r\n', '*0\r\n', '%0\r\n', '$0\r\n\r\n', '+\r\n', ':1\r\n'),
    fc.tuple(fc.constantFrom('$', '=', '!'), dataArb).map(([sign, data]) => `${sign}${data.length}\r\n${data}\r\n`),
    fc
      .array(
        dataArb.filter((data) => data !== ''),
        { maxLength: 4 },
      )
      .map((chunks) => `$?\r\n${chunks.map((data) => `;${data.length}\r\n${data}\r\n`).join('')};0\r\n`),
    counted('*'),
    counted('~'),
    counted('>'),
    pairs.map((all) => `%${all.length}\r\n${all.join('')}`),
    items.map((all) => `*?\r\n${all.join('')}.\r\n`),
    pairs.map((all) => `%?\r\n${all.join('')}.\r\n`),
  );
  return {
    wire: fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: tie('attributed') }),
    attributed: fc.tuple(pairs, value).map(([all, inner]) => `|${all.length}\r\n${all.join('')}${inner}`),
  };
});

/** The first byte behind top-level attributes needs a parser to be known, so only plain replies say their type. */
const replyArb = wire.map((text) => Buffer.from(text, 'latin1'));

const { value: valueArb } = fc.letrec<{ value: ReplyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 8 },
    fc.string().map((text): ReplyValue => ({ type: 'simple', text })),
    fc.string().map((text): ReplyValue => ({ type: 'error', text })),
    fc.oneof(fc.maxSafeInteger(), fc.bigInt()).map((value): ReplyValue => ({ type: 'integer', value })),
    fc
      .oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 3000 }))
      .map((value): ReplyValue => ({ type: 'bulk', value })),
    fc.constant<ReplyValue>({ type: 'null' }),
    fc.boolean().map((value): ReplyValue => ({ type: 'boolean', value })),
    fc.double().map((value): ReplyValue => ({ type: 'double', value })),
    fc.bigInt().map((value): ReplyValue => ({ type: 'bigNumber', value })),
    fc.string({ unit: 'binary' }).map((text): ReplyValue => ({ type: 'verbatim', format: 'txt', text })),
    fc.array(tie('value')).map((items): ReplyValue => ({ type: 'array', items })),
    fc.array(tie('value')).map((items): ReplyValue => ({ type: 'set', items })),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries): ReplyValue => ({ type: 'map', entries })),
  ),
}));

const garbageArb = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '*2\r\n',
        '$3\r\n',
        '$5\r\nhello\r\n',
        '+OK\r\n',
        '|1\r\n',
        '*?\r\n',
        '$?\r\n',
        ';1\r\na\r\n',
        ';0\r\n',
      ),
      fc.constantFrom(
        '.\r\n',
        '$100\r\n',
        '%2\r\n',
        '>1\r\n',
        '\r\n',
        '\r',
        '\n',
        '$',
        '*',
        '-',
        '1',
        '\0',
        '\xff',
        '_\r\n',
      ),
      fc.constantFrom('*99999999\r\n', '$99999999999\r\n', 'x'.repeat(3000), `+${'y'.repeat(2047)}\r\n`, '+a\rb\r\n'),
      fc.string({ maxLength: 12 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

describe('ReplyFramer', () => {
  it('finds the ends of nested replies of either version, whichever way the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(replyArb, { minLength: 1, maxLength: 6 }), placesArb, (replies, places) => {
        const stream = Buffer.concat(replies);
        const outcome = pass(cut(stream, places));
        expect(outcome.error).toBe('');
        expect(outcome.isMidFrame).toBe(false);
        expect(outcome.found.map(([length]) => length)).toEqual(replies.map(({ length }) => length));
        expect(outcome).toEqual(pass([stream]));
        for (const [i, reply] of replies.entries()) {
          const type = String.fromCharCode(reply[0]!);
          if (type !== '|') expect(outcome.found[i]![1]).toBe(type);
          else expect(outcome.found[i]![1]).not.toBe('|');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds them when they come a byte at a time', () => {
    const tiny = replyArb.filter(({ length }) => length < 600);
    fc.assert(
      fc.property(fc.array(tiny, { minLength: 1, maxLength: 4 }), (replies) => {
        const stream = Buffer.concat(replies);
        const outcome = pass(Array.from(stream, (_, i) => stream.subarray(i, i + 1)));
        expect(outcome.found.map(([length]) => length)).toEqual(replies.map(({ length }) => length));
      }),
      { numRuns: 200 },
    );
  });

  it('takes what encodeReply writes for one whole reply', () => {
    fc.assert(
      fc.property(valueArb, fc.constantFrom<2 | 3>(2, 3), placesArb, (value, version, places) => {
        const bytes = encodeReply(value, version);
        const outcome = pass(cut(bytes, places));
        expect(outcome).toEqual({
          found: [[bytes.length, String.fromCharCode(bytes[0]!)]],
          error: '',
          isMidFrame: false,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('sees the same in garbage, and the same error, however it is cut', () => {
    fc.assert(
      fc.property(garbageArb, placesArb, (bytes, places) => {
        expect(pass(cut(bytes, places))).toEqual(pass([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads each byte of garbage a bounded number of times, however it is cut', () => {
    fc.assert(
      fc.property(garbageArb, placesArb, (bytes, places) => {
        const framer = new ReplyFramer(limits);
        const { proxy, reads } = counting(bytes);
        let pos = 0;
        let calls = 0;
        const ends = [...places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b), bytes.length];
        for (const end of ends) {
          let result = framer.scan(proxy, pos, end);
          for (calls++; result === Scan.frame; calls++) {
            pos = framer.end;
            result = framer.scan(proxy, pos, end);
          }
          if (result === Scan.error) break;
          pos = framer.consumed;
        }
        expect(reads()).toBeLessThan(10 * bytes.length + 16 * calls);
      }),
      { numRuns: 500 },
    );
  });
});
