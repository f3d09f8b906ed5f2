/**
 * Pipelines of good requests that were then broken in a few places. Bytes 0 are left out: redis-server looks for line ends
 * with C string functions, and what it does behind a NUL is a known difference (resp-cases.ts).
 */
import fc from 'fast-check';
import { encodeCommand } from '../support/wire.js';

const word = fc.constantFrom(
  'a',
  'b',
  'key',
  'k{a}',
  'other',
  '',
  '1',
  '-1',
  'x y',
  '"',
  "'",
  '\r\n',
  '\xff\xfe',
  '*1\r\n',
  '$1',
);
const number = fc.constantFrom('0', '1', '-1', '10', 'x');
const command = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)));

const commandArb: fc.Arbitrary<string[]> = fc.oneof(
  command('PING'),
  command('PING', word),
  command('ECHO', word),
  command('SET', word, word),
  command('GET', word),
  command('INCRBY', word, number),
  command('APPEND', word, word),
  command('STRLEN', word),
  command('RPUSH', word, word, word),
  command('LRANGE', word, '0', number),
  command('HSET', word, 'field', word),
  command('HGET', word, 'field'),
  command('TYPE', word),
  command('NOSUCH', word),
  fc.array(word, { minLength: 1, maxLength: 6 }).map((keys) => ['MGET', ...keys]),
  fc.array(word, { minLength: 1, maxLength: 6 }).map((keys) => ['DEL', ...keys]),
  fc.array(word, { minLength: 1, maxLength: 6 }).map((keys) => ['EXISTS', ...keys]),
  fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 4 }).map((pairs) => ['MSET', ...pairs.flat()]),
);

const inlineArb = fc.constantFrom(
  'PING\r\n',
  'GET a\n',
  'SET a "b c"\r\n',
  '\r\n',
  'MGET a b key\r\n',
  'ECHO "\\x41\\n"\r\n',
);

const requestArb = fc.oneof(
  {
    weight: 6,
    arbitrary: commandArb.map((words) => encodeCommand(...words.map((each) => Buffer.from(each, 'latin1')))),
  },
  { weight: 1, arbitrary: inlineArb.map((line) => Buffer.from(line, 'latin1')) },
);

/** Bytes that mean something in RESP, and some that do not. */
const byteArb = fc.constantFrom(...Array.from('*$+-:0123456789\r\n "\'\\xPa\t\v\xff%~>|', (c) => c.charCodeAt(0)));

interface Mutation {
  readonly kind: 'flip' | 'insert' | 'delete' | 'repeat' | 'truncate' | 'none';
  readonly at: number;
  readonly length: number;
  readonly bytes: readonly number[];
}

const mutationArb: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'flip', 'insert', 'insert', 'delete', 'delete', 'repeat', 'truncate', 'none'),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 12 }),
  bytes: fc.array(byteArb, { minLength: 1, maxLength: 3 }),
});

function mutate(bytes: Buffer, { kind, at: place, length, bytes: fresh }: Mutation): Buffer {
  if (bytes.length === 0) return bytes;
  const at = place % bytes.length;
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from(fresh.slice(0, 1)), behind.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.from(fresh), behind]);
    case 'delete':
      return Buffer.concat([before, behind.subarray(length)]);
    case 'repeat':
      return Buffer.concat([before, behind.subarray(0, length), behind]);
    case 'truncate':
      return before;
    case 'none':
      return bytes;
  }
}

export const brokenPipelineArb: fc.Arbitrary<Buffer> = fc
  .tuple(fc.array(requestArb, { minLength: 1, maxLength: 12 }), fc.array(mutationArb, { minLength: 1, maxLength: 4 }))
  .map(([requests, mutations]) => mutations.reduce(mutate, Buffer.concat(requests)));
