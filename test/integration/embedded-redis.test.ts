/**
 * The embedded Redis node against redis-server 7.0: the same random commands must give the same bytes, errors included.
 * Replies without an order are sorted; times may differ by what passes between the two servers.
 */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedNode } from '../../src/embedded/node.js';
import { startEmbeddedRedis } from '../../src/embedded/redis/server.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw, encodeCommand } from '../support/wire.js';
import { redisCommand } from './embedded-redis-grammar.js';

const UNORDERED = new Set(['smembers', 'sinter', 'sunion', 'sdiff', 'hkeys', 'hvals', 'keys', 'spop']);
const PAIRED = new Set(['hgetall']);
const SCANS = new Set(['scan', 'hscan', 'sscan', 'zscan']);
const TIMES = new Set(['ttl', 'pttl', 'expiretime', 'pexpiretime']);

/** Header and bulks of a flat reply, each bulk as its raw text. */
function flatParts(reply: string): { readonly header: string; readonly bulks: string[] } {
  let at = reply.indexOf('\r\n') + 2;
  const header = reply.slice(0, at);
  const bulks: string[] = [];
  while (at < reply.length) {
    const lineEnd = reply.indexOf('\r\n', at) + 2;
    const end = lineEnd + Number(reply.slice(at + 1, lineEnd - 2)) + 2;
    bulks.push(reply.slice(at, end));
    at = end;
  }
  return { header, bulks };
}

function inPairs(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => (index % 2 === 0 ? [text + texts[index + 1]!] : []));
}

/** The reply with whatever Redis leaves open taken out of it. */
function comparable(words: readonly string[], reply: string): string {
  const name = words[0]!.toLowerCase();
  if (reply.startsWith('-')) return reply;
  if (name === 'time') return 'now';
  if (name === 'hello') return reply.replace(/id\r\n:[0-9]+/, 'id');
  if (!UNORDERED.has(name) && !PAIRED.has(name) && !SCANS.has(name)) return reply;
  const prefix = SCANS.has(name) ? '*2\r\n$1\r\n0\r\n' : '';
  if (!reply.startsWith(prefix) || /^[$_]/.test(reply)) return reply;
  const { header, bulks } = flatParts(reply.slice(prefix.length));
  const paired = PAIRED.has(name) || name === 'hscan' || name === 'zscan';
  return prefix + header + (paired ? inPairs(bulks) : bulks).sort().join('');
}

/** The expected reply in place of the actual one, when both are times and only the servers' clock readings part them. */
function withoutDrift(words: readonly string[], expected: string, actual: string): string {
  const name = words[0]!.toLowerCase();
  const isTime = TIMES.has(name) && expected.startsWith(':') && actual.startsWith(':');
  const toleranceMs = 3000;
  const difference = Math.abs(Number(expected.slice(1)) - Number(actual.slice(1)));
  return isTime && difference * (name.startsWith('p') ? 1 : 1000) <= toleranceMs ? expected : actual;
}

async function replies(client: RawClient, commands: readonly (readonly string[])[]): Promise<string[]> {
  const requests = commands.map((words) => encodeCommand(...words.map((word) => Buffer.from(word, 'latin1'))));
  client.send(Buffer.concat(requests));
  return (await client.readReplies(commands.length)).map((reply) => reply.toString('latin1'));
}

let real: TestServer;
let embedded: EmbeddedNode;

beforeAll(async () => {
  real = await startRedis();
  embedded = await startEmbeddedRedis({ port: 0 });
});

afterAll(async () => {
  await embedded.close();
  await real.stop();
});

describe('the embedded Redis node beside redis-server', () => {
  for (const version of ['2', '3']) {
    it(`answers random commands with the same bytes in RESP${version}`, async () => {
      const [toReal, toEmbedded] = await Promise.all([connectRaw(real.port), connectRaw(embedded.port)]);
      const prologue = [['hello', version], ['select', '0'], ['flushall']];
      await fc.assert(
        fc.asyncProperty(fc.array(redisCommand, { minLength: 1, maxLength: 120, size: 'max' }), async (commands) => {
          const all = [...prologue, ...commands];
          const [expected, actual] = await Promise.all([replies(toReal, all), replies(toEmbedded, all)]);
          for (let at = 1; at < all.length; at += 1) {
            const words = all[at]!;
            const settled = withoutDrift(words, expected[at]!, actual[at]!);
            expect([words, comparable(words, settled)]).toEqual([words, comparable(words, expected[at]!)]);
          }
        }),
        { numRuns: 60 },
      );
      toReal.destroy();
      toEmbedded.destroy();
    });
  }

  it.each([
    ['an inline command', 'PING\r\n'],
    ['an inline command with quotes', "ECHO \"a\\x41 \\n\" \r\nECHO 'it\\'s'\n"],
    ['empty lines and an empty array', '\r\n\r\n*0\r\n*-1\r\nPING\r\n'],
    ['unbalanced quotes', 'ECHO "a\r\n'],
    ['a bad array length', '*x\r\n'],
    ['a huge array length', '*99999999999\r\n'],
    ['something else than a bulk string', '*1\r\n:1\r\n'],
    ['a bad bulk length', '*1\r\n$-5\r\n'],
    ['a huge bulk length', '*1\r\n$9999999999\r\n'],
    ['an unknown command with many arguments', `NOSUCH ${'abcdefgh '.repeat(40)}\r\n`],
    ['line ends in an unknown name', '*2\r\n$5\r\na\r\nbc\r\n$3\r\n\r\nx\r\n'],
  ])('treats %s as redis-server does', async (_title, bytes) => {
    const answers = await Promise.all(
      [real.port, embedded.port].map(async (port) => {
        const client = await connectRaw(port);
        client.send(bytes);
        client.send('\r\nQUIT\r\n');
        return (await client.readToEnd()).toString('latin1');
      }),
    );
    expect(answers[1]).toBe(answers[0]);
  });

  it('is usable by ioredis', async () => {
    const client = new Redis(embedded.port);
    expect(await client.set('io', Buffer.from([255, 0, 1]))).toBe('OK');
    expect(await client.getBuffer('io')).toEqual(Buffer.from([255, 0, 1]));
    await client.quit();
  });

  it('is usable by node-redis in RESP3', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${embedded.port}`, RESP: 3 });
    await client.connect();
    await client.hSet('nr', { a: '1', b: '2' });
    expect({ ...(await client.hGetAll('nr')) }).toEqual({ a: '1', b: '2' });
    await client.close();
  });

  it('describes its commands in the shape of COMMAND', async () => {
    const client = new Redis(embedded.port);
    const rows = (await client.call('COMMAND')) as unknown[][];
    const [get] = (await client.call('COMMAND', 'INFO', 'get')) as unknown[][];
    expect(get!.slice(0, 6)).toEqual(['get', 2, ['readonly'], 1, 1, 1]);
    expect(rows).toHaveLength(Number(await client.call('COMMAND', 'COUNT')));
    await client.quit();
  });
});
