import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decoded, decodePlain, DecodedError } from '../../../../src/protocol/resp/plain-reply.js';
import { encodeReply } from '../../../../src/protocol/resp/encoder.js';
import type { ReplyValue } from '../../../../src/protocol/resp/value.js';

const decode = (text: string): Decoded | undefined => {
  const bytes = Buffer.from(`junk${text}junk`, 'latin1');
  return decodePlain(bytes, 4, bytes.length - 4);
};

const text = fc.string({ unit: 'binary-ascii', maxLength: 20 });
const value: fc.Arbitrary<ReplyValue> = fc.letrec<{ any: ReplyValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.integer().map((n): ReplyValue => ({ type: 'integer', value: n })),
    text.map((one): ReplyValue => ({ type: 'bulk', value: one })),
    text.map((one): ReplyValue => ({ type: 'simple', text: one.replace(/[\r\n]/g, '') })),
    fc.constant<ReplyValue>({ type: 'null' }),
    fc.array(tie('any'), { maxLength: 4 }).map((items): ReplyValue => ({ type: 'array', items })),
    fc.array(tie('any'), { maxLength: 4 }).map((items): ReplyValue => ({ type: 'set', items })),
    fc
      .array(fc.tuple(tie('any'), tie('any')), { maxLength: 3 })
      .map((entries): ReplyValue => ({ type: 'map', entries })),
  ),
})).any;

describe('decodePlain', () => {
  it('gives the same values for RESP2 and RESP3', () => {
    fc.assert(
      fc.property(value, (one) => {
        const [two, three] = [encodeReply(one, 2), encodeReply(one, 3)];
        const decoded = decodePlain(two, 0, two.length);
        expect(decoded).not.toBeUndefined();
        expect(decodePlain(three, 0, three.length)).toEqual(decoded);
      }),
    );
  });

  it.each<[string, Decoded]>([
    ['$5\r\na\r\nbc\r\n', 'a\r\nbc'],
    ['*-1\r\n', null],
    ['$-1\r\n', null],
    ['_\r\n', null],
    [':-12\r\n', -12],
    ['#t\r\n', true],
    [',3.5\r\n', '3.5'],
    ['=7\r\ntxt:abc\r\n', 'abc'],
    ['%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n', ['a', [1, 2]]],
    ['|1\r\n+ttl\r\n:3\r\n*1\r\n+x\r\n', ['x']],
    ['-ERR no\r\n', new DecodedError('ERR no')],
    ['!6\r\nERR no\r\n', new DecodedError('ERR no')],
  ])('reads %j', (bytes, expected) => expect(decode(bytes)).toEqual(expected));

  it.each(['', '$?\r\n', '*?\r\n', '@1\r\n', '$10\r\nabc\r\n', '*3\r\n:1\r\n', '+x'])('gives up on %j', (bytes) =>
    expect(decode(bytes)).toBeUndefined(),
  );
});
