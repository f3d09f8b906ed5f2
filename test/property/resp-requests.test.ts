/**
 * RequestFramer on generated streams, with a caller that behaves as a session does: it serves a read where it lies, keeps
 * what is cut in a buffer that grows, tells the framer that the bytes moved, and goes on there. Whichever way a stream is
 * cut, the requests are those that were put in. Garbage gives an error, never a throw, at a bounded price.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../src/protocol/resp/inline.js';
import { RequestFramer, type RequestLimits } from '../../src/protocol/resp/request-framer.js';
import { Scan } from '../../src/protocol/resp/scan.js';
import { counting } from '../unit/protocol/resp/counting.js';

const limits: RequestLimits = {
  bulkBytesMax: 1 << 20,
  argumentsMax: 10_000,
  inlineBytesMax: 4096,
  requestBytesMax: 1 << 22,
};

/** What a frame holds, as text: arguments, or the line of an inline request. */
interface Found {
  readonly args: readonly string[] | null;
  readonly line: string | null;
  readonly isCanonical: boolean;
}

interface Outcome {
  readonly found: readonly Found[];
  readonly error: string;
  /** Bytes that are left, part of a request. */
  readonly rest: number;
}

function foundAt(framer: RequestFramer, result: number, bytes: Buffer, pos: number): Found {
  if (result === Scan.inline) return { args: null, line: bytes.toString('latin1', pos, framer.end), isCanonical: true };
  const args = Array.from({ length: framer.argc }, (_, i) =>
    bytes.toString('latin1', framer.args[2 * i], framer.args[2 * i + 1]),
  );
  return { args, line: null, isCanonical: framer.isCanonical };
}

/** A session's reads: `pieces` come one after the other, each in the same buffer, with stale bytes behind it. */
function serve(pieces: readonly Buffer[]): Outcome {
  const framer = new RequestFramer(limits);
  const found: Found[] = [];
  const read = Buffer.alloc(Math.max(1, ...pieces.map((piece) => piece.length)) + 64, '\r\n');
  let input = Buffer.alloc(0);
  /** Serves `bytes[0, end)`; returns where it stopped, -1 after an error. */
  const consume = (bytes: Buffer, end: number): number => {
    let pos = 0;
    while (pos < end) {
      const result = framer.scan(bytes, pos, end);
      if (result === Scan.error) return -1;
      if (result === Scan.more) break;
      found.push(foundAt(framer, result, bytes, pos));
      pos = framer.end;
      framer.shrink();
    }
    return pos;
  };
  for (const piece of pieces) {
    piece.copy(read);
    const isInput = input.length > 0;
    if (isInput) input = Buffer.concat([input, piece]);
    const bytes = isInput ? input : read;
    const end = isInput ? input.length : piece.length;
    const served = consume(bytes, end);
    if (served < 0) return { found, error: framer.error, rest: 0 };
    if (served < end && (served > 0 || !isInput)) framer.rebase(served);
    input = Buffer.from(bytes.subarray(served, end));
    expect(framer.bytesNeeded).toBeLessThanOrEqual(limits.requestBytesMax);
    expect(framer.args.length).toBeLessThanOrEqual(2 * Math.max(1024, 2 * framer.argc));
  }
  return { found, error: '', rest: input.length };
}

/** Cuts `bytes` at `places` (fractions of its length). */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => Math.floor(place * bytes.length)))].sort((a, b) => a - b);
  const starts = [0, ...ends];
  return starts.map((start, i) => bytes.subarray(start, ends[i] ?? bytes.length)).filter(({ length }) => length > 0);
}

const placesArb = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 30 });
const smallArgArb = fc.oneof(
  fc.constantFrom('', 'GET', '\r\n', '$3\r\n', '*1\r\n', '\0\xff'),
  fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', '\xff', '$', '*', '1'), maxLength: 120 }),
);
const largeArgArb = fc.integer({ min: 900, max: 70 * 1024 }).map((length) => 'v'.repeat(length));
const argsArb = fc.oneof(
  { weight: 20, arbitrary: fc.array(smallArgArb, { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.tuple(smallArgArb, largeArgArb) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom('', 'k'), { minLength: 500, maxLength: 3000 }) },
);

interface Request {
  readonly bytes: Buffer;
  readonly found: Found;
}

const requestArb: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 8,
    arbitrary: argsArb.map((args) => ({
      bytes: encodeRequest(args.map((arg) => Buffer.from(arg, 'latin1'))),
      found: { args, line: null, isCanonical: true },
    })),
  },
  {
    weight: 1,
    arbitrary: argsArb.map((args) => ({
      bytes: Buffer.from(`*${args.length}\rX${args.map((arg) => `$${arg.length}\r\n${arg}\n\r`).join('')}`, 'latin1'),
      found: { args, line: null, isCanonical: false },
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('PING\r\n', '\r\n', '\n', 'GET "a b"\n', `SET k ${'v'.repeat(3000)}\r\n`)
      .map((line) => ({ bytes: Buffer.from(line), found: { args: null, line, isCanonical: true } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('*0\r\n', '*-1\r\n')
      .map((text) => ({ bytes: Buffer.from(text), found: { args: [], line: null, isCanonical: true } })),
  },
);
const streamArb = fc.array(requestArb, { minLength: 1, maxLength: 10 });
const garbageArb = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '*',
        '$',
        '\r\n',
        '*3\r\n',
        '$3\r\n',
        '$100\r\n',
        '*1',
        '-',
        '0',
        '9',
        'a',
        '\n',
        '\r',
        '\0',
        '\xff',
      ),
      fc.constantFrom('*9999999\r\n', '*9999\r\n', '$1000000\r\n', 'x'.repeat(5000), '1'.repeat(5000), 'PING\r\n'),
      fc.string({ maxLength: 20 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

describe('RequestFramer', () => {
  it('finds the requests that were put in, whichever way the stream is cut', () => {
    fc.assert(
      fc.property(streamArb, placesArb, (requests, places) => {
        const stream = Buffer.concat(requests.map(({ bytes }) => bytes));
        const expected = { found: requests.map(({ found }) => found), error: '', rest: 0 };
        expect(serve([stream])).toEqual(expected);
        expect(serve(cut(stream, places))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('finds them when they come a byte at a time', () => {
    const tiny = requestArb.filter(({ bytes }) => bytes.length < 500);
    fc.assert(
      fc.property(fc.array(tiny, { minLength: 1, maxLength: 6 }), (requests) => {
        const stream = Buffer.concat(requests.map(({ bytes }) => bytes));
        const pieces = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
        expect(serve(pieces)).toEqual({ found: requests.map(({ found }) => found), error: '', rest: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('sees the same in garbage, and the same error, however it is cut', () => {
    fc.assert(
      fc.property(garbageArb, placesArb, (bytes, places) => {
        expect(serve(cut(bytes, places))).toEqual(serve([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads each byte of garbage a bounded number of times, however it is cut', () => {
    fc.assert(
      fc.property(garbageArb, placesArb, (bytes, places) => {
        const framer = new RequestFramer(limits);
        const { proxy, reads } = counting(bytes);
        let pos = 0;
        let calls = 0;
        const ends = [...places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b), bytes.length];
        for (const end of ends) {
          if (pos >= end) continue;
          let result = framer.scan(proxy, pos, end);
          for (calls++; result === Scan.frame || result === Scan.inline; calls++) {
            pos = framer.end;
            result = framer.scan(proxy, pos, end);
          }
          if (result === Scan.error) break;
        }
        expect(reads()).toBeLessThanOrEqual(8 * bytes.length + 16 * calls);
      }),
      { numRuns: 500 },
    );
  });
});
