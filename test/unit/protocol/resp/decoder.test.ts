import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReply, itemsOf, numberOf, pairsOf, textOf } from '../../../../src/protocol/resp/decoder.js';
import { encodeReply } from '../../../../src/protocol/resp/encoder.js';
import { arrayReply, bulkReply, integerReply, type ReplyValue } from '../../../../src/protocol/resp/value.js';

const line = fc.string().map((text) => text.replace(/[^ -~]/g, '.'));

const { value: anyValue } = fc.letrec<{ value: ReplyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    line.map((text): ReplyValue => ({ type: 'simple', text })),
    line.map((text): ReplyValue => ({ type: 'error', text })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(integerReply),
    fc.uint8Array().map((bytes) => bulkReply(bytes)),
    fc.constant<ReplyValue>({ type: 'null' }),
    fc.boolean().map((value): ReplyValue => ({ type: 'boolean', value })),
    fc.double().map((value): ReplyValue => ({ type: 'double', value })),
    fc.bigInt().map((value): ReplyValue => ({ type: 'bigNumber', value })),
    fc.string().map((text): ReplyValue => ({ type: 'verbatim', format: 'txt', text })),
    fc.array(tie('value')).map(arrayReply),
    fc.array(tie('value')).map((items): ReplyValue => ({ type: 'set', items })),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries): ReplyValue => ({ type: 'map', entries })),
  ),
}));

const decode = (text: string): ReplyValue => {
  const bytes = Buffer.from(text, 'latin1');
  return decodeReply(bytes, 0, bytes.length);
};

describe('decodeReply', () => {
  it.each([2, 3] as const)('gives a value that encodes as the same bytes, in RESP%i', (version) => {
    fc.assert(
      fc.property(anyValue, fc.nat(9), (value, offset) => {
        const bytes = encodeReply(value, version);
        const shifted = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.from('+next\r\n')]);
        const decoded = decodeReply(shifted, offset, offset + bytes.length);
        expect(encodeReply(decoded, 3)).toEqual(
          version === 3 ? bytes : encodeReply(decodeReply(bytes, 0, bytes.length), 3),
        );
        if (version === 3) expect(decoded.type).toBe(value.type);
      }),
    );
  });

  it('reads nulls, attributes, pushes and bulk errors', () => {
    expect(decode('$-1\r\n')).toEqual({ type: 'null' });
    expect(decode('*-1\r\n')).toEqual({ type: 'null' });
    expect(decode('|1\r\n+a\r\n+b\r\n:7\r\n')).toEqual(integerReply(7n));
    expect(decode('>1\r\n:7\r\n')).toEqual(arrayReply([integerReply(7n)]));
    expect(decode('!6\r\nERR no\r\n')).toEqual({ type: 'error', text: 'ERR no' });
  });

  it.each(['', '+', '+a', '$3\r\nab', '*2\r\n:1\r\n', '$?\r\n;0\r\n', 'x\r\n', ':1\r\n:2\r\n', '$\r\n\r\n'])(
    'refuses %j',
    (text) => {
      expect(() => decode(text)).toThrow();
    },
  );
});

describe('what is read from a value', () => {
  it('is the same from a map and from the flat array that RESP2 has for it', () => {
    const entries = [[bulkReply('a'), integerReply(1)]] as const;
    expect(pairsOf({ type: 'map', entries })).toEqual(entries);
    expect(pairsOf(arrayReply([...entries[0], bulkReply('odd')]))).toEqual(entries);
  });

  it('is empty, or 0, where the value is of another type', () => {
    const value = integerReply(5);
    expect([pairsOf(value), itemsOf(value), textOf(value), numberOf(value)]).toEqual([[], [], '', 5]);
    expect([numberOf(bulkReply('5')), numberOf(undefined), textOf(bulkReply('5'))]).toEqual([0, 0, '5']);
  });
});
