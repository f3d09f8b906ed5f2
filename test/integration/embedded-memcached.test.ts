/**
 * The embedded memcached node against memcached 1.6.18: the same random commands must give the same bytes, errors included.
 * Seconds that pass between the two servers are blanked out, and CAS numbers counted from the start of each run.
 */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedMemcached } from '../../src/embedded/memcache/server.js';
import type { EmbeddedNode } from '../../src/embedded/node.js';
import { type TestServer, startMemcached } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { type Pools, type Words, linesOf } from './embedded-grammar.js';

/** The part of the memcached package that this test uses; it has no types of its own. */
type MemcachedClient = new (server: string) => {
  set(key: string, value: string, seconds: number, done: (error: Error | undefined) => void): void;
  get(key: string, done: (error: Error | undefined, value: unknown) => void): void;
  end(): void;
};
const Memcached = createRequire(import.meta.url)('memcached') as MemcachedClient;

const LONG_KEY = 'k'.repeat(251);

const POOLS: Pools = {
  K: ['a', 'b', 'c', 'a', 'b', 'c', 'YQ==', 'n', 'n', '\xff', 'k'.repeat(250), LONG_KEY],
  // A long key in a get makes memcached 1.6.18 drop the pipelined answers before it, which is not worth copying.
  R: ['a', 'b', 'c', 'YQ==', 'n', '\xff', 'k'.repeat(250)],
  // A word with # stands for a data block: its length goes into the line.
  D: ['#', '#1', '#10', '#99', '#abc', '#-1', '#1844674407370955', '#two words', '#x\r\ny', `#${'z'.repeat(300)}`],
  F: ['0', '0', '1', '5', '4294967295', '4294967296', '-1', 'x'],
  T: ['0', '0', '100', '100', '-1', '2592000', '2592001', '2000000000', 'x', '99999999999'],
  // Sums stay small: a number that gets shorter is written in place or not, as memcached's own threads happen to hold it.
  N: ['1', '5', '0', '100', '18446744073709551616', '-1', 'x', '+2', '007'],
  // @3 stands for the third CAS number after the start of the run.
  C: ['@1', '@2', '@3', '@5', '0', '1', '100000000', 'x'],
  // Without T: memcached 1.6.18 loses it when the number gets longer.
  H: [
    'v',
    'k',
    't',
    'c',
    'q',
    'b',
    'O12',
    'N0',
    'N30',
    'J13',
    'Jx',
    'D5',
    'Dx',
    'C0',
    'C1',
    'C@2',
    'MI',
    'M+',
    'MX',
    'zz',
    'u',
  ],
  G: [
    ...['v', 'k', 's', 't', 'c', 'f', 'q', 'b', 'O12', 'I', 'v', 'k', 'c', 't', 'u', 'P', 'L'],
    ...['T100', 'T0', 'T-1', 'T200', 'R50', 'R150', 'N30', 'N0', 'N100', 'Tx', 'zz', 'x', 'E3', 'S1'],
    ...[
      'C0',
      'C1',
      'C@1',
      'C@2',
      'C@3',
      'C@5',
      'C100000000',
      'Cx',
      'F0',
      'F7',
      'Fx',
      'J13',
      'Jx',
      'D5',
      'D100',
      'Dx',
      'Op',
    ],
    ...['ME', 'MA', 'MP', 'MR', 'MS', 'MI', 'M+', 'MX', 'MSET'],
  ],
};

const FORMS = `
get {R}+
gets {R}+
get
gat {T} {R}*
gats {T} {R}
<set|set|add|replace|append|prepend> {K} {F} {T} {D} <noreply|bad>?
cas {K} {F} {T} {D} {C} noreply?
set {K} 0 0 <-1|x|2147483648>
set {K} 0 0 {D} a b c
incr {K} {N} noreply?
delete {K} <0|1|noreply|0 noreply|a b>?
touch {K} {T} noreply?
flush_all <0|-1|x|noreply>?
verbosity <1|x|1 noreply|1 2 3>?
version x?
nosuch {K}
GET {K}
stats <reset|x>
mg {K} {G}*
mg {K} v t c f k s {G}
mg {K} <N30|N100> v <T100|R50>? {G}?
ms {K} {D} {G}*
ms {K} {D} <ME|MA|MP|MR|MS> {G}?
ms {K} {D} {C} {G}
gets {R}
ms {K} {D} I <C0|C1|C@1|C@2|C@3> {G}?
ms {K} x {G}
ms {K}
md {K} {G}*
md {K} I <T100|T30>? q?
ma {K} {H}*
ma {K} <N0|N30> <J5|D3>? v t c
me {K} b?
me
ms
`;

function encode(words: Words, casBase: number): string {
  const data = words.find((word) => word.startsWith('#'))?.slice(1);
  const line = words
    .map((word) => (word.startsWith('#') ? String(word.length - 1) : word))
    .map((word) => word.replace(/@([0-9])$/, (_, step) => String(casBase + Number(step))));
  return `${line.join(' ')}\r\n${data === undefined ? '' : `${data}\r\n`}`;
}

/** CAS numbers as steps from the first of the run; times that pass between the two servers are blanked out. */
function comparable(text: string, casBase: number): string {
  const step = (cas: string): string => (Number(cas) > casBase ? `@${Number(cas) - casBase}` : cas);
  return text
    .replace(/ c([0-9]+)/g, (_, cas: string) => ` c${step(cas)}`)
    .replace(/ cas=([0-9]+)/g, (_, cas: string) => ` cas=${step(cas)}`)
    .replace(/^(VALUE \S+ [0-9]+ [0-9]+) ([0-9]+)/gm, (_, head: string, cas: string) => `${head} ${step(cas)}`)
    .replace(/ t[0-9]+/g, ' t~')
    .replace(/ l[0-9]+/g, ' l~')
    .replace(/ fetch=(?:yes|no)/g, '')
    .replace(/exp=-?[0-9]{2,}/g, 'exp=~')
    .replace(/ la=[0-9]+/g, ' la=~');
}

/**
 * Runs the commands on an empty server, one at a time: memcached writes a number in place only while nothing else holds the item, so
 * pipelined commands would depend on how the bytes arrive (and `fetch` of a counter depends on it even so). `mn` marks the end of each answer.
 */
async function answers(client: RawClient, commands: readonly Words[]): Promise<string[]> {
  client.send('flush_all\r\nset base 0 0 1\r\n1\r\ngets base\r\n');
  const casBase = Number(/VALUE base 0 1 ([0-9]+)/.exec(await client.readUntil('END\r\n'))![1]);
  const found: string[] = [];
  for (const words of commands) {
    client.send(`${encode(words, casBase)}mn\r\n`);
    found.push(`${words.join(' ')}: ${comparable(await client.readUntil('MN\r\n'), casBase)}`);
  }
  return found;
}

let real: TestServer;
let embedded: EmbeddedNode;

beforeAll(async () => {
  real = await startMemcached();
  embedded = await startEmbeddedMemcached({ port: 0 });
});

afterAll(async () => {
  await embedded.close();
  await real.stop();
});

describe('the embedded memcached node beside memcached', () => {
  it('answers random commands with the same bytes', async () => {
    const [toReal, toEmbedded] = await Promise.all([connectRaw(real.port), connectRaw(embedded.port)]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(linesOf(FORMS, POOLS), { minLength: 1, maxLength: 60, size: 'max' }),
        async (commands) => {
          const [expected, actual] = await Promise.all([answers(toReal, commands), answers(toEmbedded, commands)]);
          expect(actual).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
    toReal.destroy();
    toEmbedded.destroy();
  });

  it.each([
    ['a value of more than an item', `set a 0 0 1\r\n1\r\nset a 0 0 2000000\r\n${'x'.repeat(2_000_000)}\r\nget a\r\n`],
    ['a meta value of more than an item', `ms a 2000000 k\r\n${'x'.repeat(2_000_000)}\r\nget a\r\n`],
    ['a value of almost an item', `set a 0 0 1000000\r\n${'x'.repeat(1_000_000)}\r\nget a\r\n`],
    ['a data block that is too long', 'set a 0 0 1\r\n123456\r\nget a\r\n'],
    ['a data block that is too short', 'set a 0 0 9\r\n123\r\nget a\r\n'],
    [
      'numbers that shrink, wrap and have blanks',
      'set n 3 0 2\r\n10\r\ndecr n 1\r\nget n\r\nset n 0 0 20\r\n18446744073709551615\r\nincr n 2\r\nset m 0 0 3\r\n 7 \r\nincr m 1\r\ndecr m 100\r\nms k 2\r\n15\r\nma k MD D20 v\r\nma k M- v\r\n',
    ],
    [
      'an opaque token that is too long',
      ['mg a', 'ms a 1', 'md a', 'ma a']
        .map((line) => `${line} O${'1'.repeat(32)}\r\n${line.startsWith('ms') ? '1\r\n' : ''}`)
        .join(''),
    ],
    ['a line end without a carriage return', 'set a 0 0 1\n1\r\nget a\n'],
    [
      'an append that makes an item too large',
      `set a 0 0 900000\r\n${'x'.repeat(900_000)}\r\nappend a 0 0 200000\r\n${'y'.repeat(200_000)}\r\n`,
    ],
    ['a long multi-key get', `get ${'abcdefgh '.repeat(2000)}\r\n`],
    ['many words', `nosuch ${'a '.repeat(100)}\r\nmg a ${'v '.repeat(30)}\r\n`],
    ['empty lines and blanks', '\r\n  \r\n  get   a  \r\n'],
  ])('treats %s as memcached does', async (_title, bytes) => {
    const both = await Promise.all(
      [real.port, embedded.port].map(async (port) => {
        const client = await connectRaw(port);
        client.send(`flush_all\r\n${bytes}quit\r\n`);
        return (await client.readToEnd()).toString('latin1');
      }),
    );
    expect(both[1]).toBe(both[0]);
  });

  it('is usable by the memcached package', async () => {
    const client = new Memcached(`127.0.0.1:${embedded.port}`);
    const value = await new Promise((resolve, reject) => {
      client.set('greeting', 'hello', 10, (setError) => {
        if (setError) reject(setError);
        client.get('greeting', (getError, found) => (getError ? reject(getError) : resolve(found)));
      });
    });
    client.end();
    expect(value).toBe('hello');
  });
});
