/**
 * The request framer against a real memcached: the same bytes go to both, and every answer of the server must be one that
 * the framer foresaw. An error must have the framer's text, a frame must be answered as its command is (which also tries
 * the reply framer), a close must come where the framer says so.
 * Each case is one connection: all bytes, then a half-close; the server answers what it can and closes. No waiting.
 * Set MEMCACHE_FUZZ_SEED to repeat a run, MEMCACHE_FUZZ_RUNS for a longer one.
 */
import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MC_COMMANDS, Mc, McReplyKind, type McReplyKindId } from '../../src/protocol/memcache/commands.js';
import { McReplyFramer } from '../../src/protocol/memcache/reply-framer.js';
import { McRequestFramer } from '../../src/protocol/memcache/request-framer.js';
import { McScan } from '../../src/protocol/memcache/scan.js';
import { type TestServer, startMemcached } from '../support/servers.js';
import { brokenRequestArb, garbageArb, validRequestArb } from '../unit/protocol/memcache/arbitraries.js';

/** What the server must send next. */
interface Expected {
  /** The exact bytes, or null for a reply of this kind. */
  readonly text: string | null;
  readonly kind: McReplyKindId;
  readonly command: string;
  readonly mayBeSilent: boolean;
}

interface Forecast {
  readonly expected: readonly Expected[];
  /** The connection ends with bytes that are no whole request: replies before it may be lost with it. */
  readonly endsInside: boolean;
}

const silent = { kind: McReplyKind.none, command: '', mayBeSilent: false };

function forecast(stream: Buffer): Forecast {
  const framer = new McRequestFramer();
  let expected: Expected[] = [];
  for (let pos = 0; ; pos = framer.frameEnd) {
    const scan = framer.next(stream, pos, stream.length);
    if (scan === McScan.more) return { expected, endsInside: framer.frameStart < stream.length || framer.isSwallowing };
    if (scan === McScan.error) {
      const text = framer.errorReply.toString('latin1');
      // Refusing a long key of a get, memcached 1.6.18 forgets the replies to earlier requests that it has not sent yet.
      const isRetrieval = MC_COMMANDS[framer.command]!.form.startsWith('retrieval');
      if (isRetrieval && text.endsWith('format\r\n'))
        expected = expected.map((past) => ({ ...past, mayBeSilent: true }));
      if (text !== '') expected.push({ ...silent, text, command: MC_COMMANDS[framer.command]!.name });
      // memcached closes at once, and may not have sent yet what it answered before.
      if (framer.fatal) return { expected, endsInside: true };
      continue;
    }
    const command = MC_COMMANDS[framer.command]!;
    if (framer.command === Mc.quit) return { expected, endsInside: false };
    if (framer.noreply) continue;
    const mayBeSilent = framer.quiet;
    if (framer.command === Mc.shutdown) expected.push({ ...silent, text: 'ERROR: shutdown not enabled\r\n' });
    else expected.push({ text: null, kind: command.replyKind, command: command.name, mayBeSilent });
  }
}

/** Refusals that are memcached's own business: they depend on the item, or on meta flags, and do not lose its place. */
const LEFT_TO_MEMCACHED: readonly (readonly [commands: RegExp, text: RegExp])[] = [
  [/^(incr|decr|ma|mg)$/, /^CLIENT_ERROR cannot increment or decrement non-numeric value\r\n$/],
  [/^(incr|decr|ma)$/, /^CLIENT_ERROR invalid or duplicate flag\r\n$/],
  [
    /^m[gs]$/,
    /^CLIENT_ERROR (duplicate flag|invalid flag|bad token in command line format|bad command line format)\r\n$/,
  ],
  [
    /^m[gs]$/,
    /^CLIENT_ERROR (incorrect length for M token|invalid numeric (initial|delta) value|invalid mode .*)\r\n$/,
  ],
  [/^md$/, /^CLIENT_ERROR invalid or duplicate flag\r\n$/],
  [/^m[gsda]$/, /^CLIENT_ERROR (opaque token too long|invalid mode for m[as] M token)\r\n$/],
  [/^m[gs]$/, /^CLIENT_ERROR error decoding key\r\n$/],
  [/^me$/, /^CLIENT_ERROR bad command line format\r\n$/],
  [/^stats$/, /^(ERROR|CLIENT_ERROR .*)\r\n$/],
];

/** Whether output[at..] is what was expected, all of it; tries both ways where a request may go unanswered. */
function isForeseen(output: Buffer, at: number, { expected, endsInside }: Forecast, index: number): boolean {
  if (at === output.length && endsInside) return true;
  const next = expected[index];
  if (next === undefined) return at === output.length;
  if (next.mayBeSilent && isForeseen(output, at, { expected, endsInside }, index + 1)) return true;
  // Of two faults of an ms memcached names the flag.
  const isEitherFault = next.command === 'ms' && next.text === 'CLIENT_ERROR bad data chunk\r\n';
  if (next.text !== null && !(isEitherFault && !output.toString('latin1', at).startsWith(next.text))) {
    const stop = at + next.text.length;
    return (
      output.toString('latin1', at, stop) === next.text && isForeseen(output, stop, { expected, endsInside }, index + 1)
    );
  }
  const framer = new McReplyFramer();
  const kind = next.text === null ? next.kind : McReplyKind.meta;
  if (framer.next(output, at, output.length, kind) !== McScan.frame) return false;
  if (framer.isError || next.text !== null) {
    const text = output.toString('latin1', at, framer.replyEnd);
    if (!LEFT_TO_MEMCACHED.some(([commands, texts]) => commands.test(next.command) && texts.test(text))) return false;
  }
  return isForeseen(output, framer.replyEnd, { expected, endsInside }, index + 1);
}

let server: TestServer;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(async () => {
  await server.stop();
});

async function exchange(stream: Buffer): Promise<Buffer> {
  const socket = net.connect({ host: server.host, port: server.port, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A server that closes with bytes unread resets the connection; what it sent before has come by then.
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.end(stream);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

async function check(text: string): Promise<void> {
  // A first request, because a connection that begins with 0x80 speaks the binary protocol.
  const stream = Buffer.from(`mn\r\n${text}mn\r\n`, 'latin1');
  const output = await exchange(stream);
  const foreseen = forecast(stream);
  if (isForeseen(output, 0, foreseen, 0)) return;
  const told = [stream, output].map((bytes) => JSON.stringify(bytes.toString('latin1')));
  expect.fail(`${told[0]!}\nwas answered\n${told[1]!}\nbut foreseen was\n${JSON.stringify(foreseen)}`);
}

async function checkAll(cases: readonly string[]): Promise<void> {
  const queue = [...cases];
  const worker = async (): Promise<void> => {
    for (let text = queue.pop(); text !== undefined; text = queue.pop()) await check(text);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

const seed = Number(process.env['MEMCACHE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['MEMCACHE_FUZZ_RUNS'] ?? 300);

describe(`McRequestFramer and memcached, MEMCACHE_FUZZ_SEED=${seed}`, () => {
  it('agree on sequences of valid requests', async () => {
    const sequenceArb = fc.array(validRequestArb, { minLength: 1, maxLength: 8 });
    await checkAll(fc.sample(sequenceArb, { seed, numRuns }).map((all) => all.map(({ text }) => text).join('')));
  });

  it('agree on requests with broken lines and lengths, and go on or close alike', async () => {
    await checkAll(fc.sample(brokenRequestArb, { seed, numRuns: numRuns * 2 }));
  });

  it('agree on sequences of broken and valid requests', async () => {
    const sequenceArb = fc.array(
      fc.oneof(
        brokenRequestArb,
        validRequestArb.map(({ text }) => text),
      ),
      { maxLength: 5 },
    );
    await checkAll(fc.sample(sequenceArb, { seed, numRuns }).map((all) => all.join('')));
  });

  it('agree on garbage', async () => {
    await checkAll(fc.sample(garbageArb, { seed, numRuns }));
  });

  it.each([
    ['set a 0 0 1048577', ''],
    ['set a 0 0 1048577 noreply', ''],
    ['ms a 1048577', ' q'],
  ])('agree on the data of %s: it is thrown away, and the next request is served', async (line, flags) => {
    await check(`${line}${flags}\r\n${'v'.repeat(1_048_577)}\r\nversion\r\n`);
  });

  it('agree on a line of 2048 bytes, and on closing at one byte more without a line end', async () => {
    await check(`${'x'.repeat(2046)}\r\n`);
    const socket = net.connect(server.port, server.host);
    socket.on('error', () => undefined);
    socket.resume();
    const line = Buffer.from('x'.repeat(2049));
    socket.write(line);
    await once(socket, 'close');
    const framer = new McRequestFramer();
    expect(framer.next(line, 0, 2048)).toBe(McScan.more);
    expect(framer.next(line, 0, 2049)).toBe(McScan.error);
    expect(framer.fatal).toBe(true);
  });

  it('agree on a get line of 100000 bytes', async () => {
    await check(`get ${'key '.repeat(10_000)}\r\n`);
  });
});
