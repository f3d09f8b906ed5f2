import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeReply } from '../../../../src/protocol/resp/encoder.js';
import {
  type ReplyValue,
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  mapReply,
  nullReply,
  okReply,
  setReply,
  simpleReply,
} from '../../../../src/protocol/resp/value.js';

interface ParserOptions {
  readonly returnReply: (reply: unknown) => void;
  readonly returnError: (error: Error) => void;
  readonly returnBuffers: boolean;
}
/** The package has no type declarations. */
const RedisParser = createRequire(import.meta.url)('redis-parser') as new (options: ParserOptions) => {
  execute(bytes: Buffer): void;
};

const wire = (value: ReplyValue, version: 2 | 3): string => encodeReply(value, version).toString('latin1');

describe('encodeReply', () => {
  it.each<[string, ReplyValue, string, string]>([
    ['a simple string', okReply, '+OK\r\n', '+OK\r\n'],
    ['an error', errorReply('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
    ['an integer', integerReply(-7), ':-7\r\n', ':-7\r\n'],
    ['a 64-bit integer', integerReply(2n ** 63n - 1n), ':9223372036854775807\r\n', ':9223372036854775807\r\n'],
    ['a bulk string', bulkReply('hé'), '$3\r\nh\xc3\xa9\r\n', '$3\r\nh\xc3\xa9\r\n'],
    ['a binary bulk string', bulkReply(Uint8Array.of(0, 13, 10, 255)), '$4\r\n\0\r\n\xff\r\n', '$4\r\n\0\r\n\xff\r\n'],
    ['an empty bulk string', bulkReply(''), '$0\r\n\r\n', '$0\r\n\r\n'],
    ['an array', arrayReply([integerReply(1), nullReply]), '*2\r\n:1\r\n$-1\r\n', '*2\r\n:1\r\n_\r\n'],
    ['an empty array', arrayReply([]), '*0\r\n', '*0\r\n'],
    ['a set', setReply([integerReply(1)]), '*1\r\n:1\r\n', '~1\r\n:1\r\n'],
    ['a map', mapReply([['a', integerReply(1)]]), '*2\r\n$1\r\na\r\n:1\r\n', '%1\r\n$1\r\na\r\n:1\r\n'],
    ['null', nullReply, '$-1\r\n', '_\r\n'],
    ['true', { type: 'boolean', value: true }, ':1\r\n', '#t\r\n'],
    ['false', { type: 'boolean', value: false }, ':0\r\n', '#f\r\n'],
    ['a double', { type: 'double', value: 1.5 }, '$3\r\n1.5\r\n', ',1.5\r\n'],
    ['infinity', { type: 'double', value: Infinity }, '$3\r\ninf\r\n', ',inf\r\n'],
    ['minus infinity', { type: 'double', value: -Infinity }, '$4\r\n-inf\r\n', ',-inf\r\n'],
    ['not a number', { type: 'double', value: NaN }, '$3\r\nnan\r\n', ',nan\r\n'],
    ['minus zero', { type: 'double', value: -0 }, '$2\r\n-0\r\n', ',-0\r\n'],
    [
      'a big number',
      { type: 'bigNumber', value: -(2n ** 64n) },
      '$21\r\n-18446744073709551616\r\n',
      '(-18446744073709551616\r\n',
    ],
    [
      'verbatim text',
      { type: 'verbatim', format: 'txt', text: 'né' },
      '$3\r\nn\xc3\xa9\r\n',
      '=7\r\ntxt:n\xc3\xa9\r\n',
    ],
  ])('writes %s', (_what, value, resp2, resp3) => {
    expect(wire(value, 2)).toBe(resp2);
    expect(wire(value, 3)).toBe(resp3);
  });

  it('keeps a reply of one line on one line', () => {
    expect(wire(errorReply('ERR a\r\n+OK'), 2)).toBe('-ERR a  +OK\r\n');
    expect(wire(simpleReply('a\nb'), 3)).toBe('+a b\r\n');
  });

  it('refuses an integer that a number cannot hold exactly', () => {
    expect(() => encodeReply(integerReply(1.5), 2)).toThrow(RangeError);
    expect(() => encodeReply(integerReply(2 ** 53), 2)).toThrow(/not a safe integer/);
  });

  it('writes RESP2 that a client library reads back', () => {
    const { value } = fc.letrec<{ value: ReplyValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string().map(bulkReply),
        fc.uint8Array().map(bulkReply),
        fc.maxSafeInteger().map(integerReply),
        fc.constant(nullReply),
        fc.double().map((double): ReplyValue => ({ type: 'double', value: double })),
        fc.string().map(simpleReply),
        fc.array(tie('value')).map(arrayReply),
        fc.array(tie('value')).map(setReply),
        fc.array(fc.tuple(fc.string(), tie('value'))).map(mapReply),
      ),
    }));
    fc.assert(
      fc.property(value, (reply) => {
        const read: unknown[] = [];
        const parser = new RedisParser({
          returnReply: (got) => read.push(got),
          returnError: (error) => read.push(error),
          returnBuffers: true,
        });
        parser.execute(encodeReply(reply, 2));
        expect(read).toEqual([plain(reply)]);
      }),
    );
  });
});

/** What a RESP2 client should see, as redis-parser returns it. */
function plain(value: ReplyValue): unknown {
  switch (value.type) {
    case 'bulk':
      return Buffer.from(value.value as string);
    case 'simple':
      return Buffer.from(value.text.replace(/[\r\n]/g, ' '));
    case 'integer':
      return Number(value.value);
    case 'double': {
      const names = new Map([[Infinity, 'inf'], [-Infinity, '-inf'], [NaN, 'nan']]); // prettier-ignore
      return Buffer.from(names.get(value.value) ?? (Object.is(value.value, -0) ? '-0' : String(value.value)));
    }
    case 'array':
    case 'set':
      return value.items.map(plain);
    case 'map':
      return value.entries.flat().map(plain);
    default:
      return null;
  }
}
