import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestDecoder } from '../../../../src/embedded/redis/request-decoder.js';
import { ProtocolError } from '../../../../src/errors.js';

const LIMITS = { argumentsMax: 1000, bulkMaxBytes: 1000, requestMaxBytes: 5000 };

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

function decodeAll(decoder: RequestDecoder): string[][] {
  const found: string[][] = [];
  for (let request = decoder.next(); request; request = decoder.next()) found.push(request);
  return found;
}

const word = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', '\xff', '$', '*'), maxLength: 20 });

describe('RequestDecoder', () => {
  it('gives the same requests however the bytes are cut', () => {
    const requests = fc.array(fc.array(word, { minLength: 1, maxLength: 5 }), { maxLength: 8 });
    fc.assert(
      fc.property(requests, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.from(sent.map(encode).join(''), 'latin1');
        const decoder = new RequestDecoder(LIMITS);
        const received: string[][] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const end = at + cuts[cut % cuts.length]!;
          decoder.write(bytes.subarray(at, end));
          received.push(...decodeAll(decoder));
          at = end;
        }
        expect(received).toEqual(sent);
      }),
    );
  });

  it('answers garbage with requests or a ProtocolError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoder = new RequestDecoder(LIMITS);
        decoder.write(Buffer.from(bytes));
        try {
          decodeAll(decoder);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it('refuses a request whose arguments pass the limit together', () => {
    const decoder = new RequestDecoder(LIMITS);
    decoder.write(Buffer.from(encode(Array.from({ length: 6 }, () => 'x'.repeat(1000)))));
    expect(() => decoder.next()).toThrow('request larger than 5000 bytes');
  });

  it('refuses a line that does not end', () => {
    const decoder = new RequestDecoder(LIMITS);
    decoder.write(Buffer.from('x'.repeat(70_000)));
    expect(() => decoder.next()).toThrow('too big inline request');
  });
});
