/** Every limit of the configuration acts, says so in its documented words and counter, and leaves other clients alone. */
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { type RawClient } from '../support/wire.js';
import { pipeline } from './commands-replies.js';

let fleet: Fleet;
afterEach(() => fleet.stop());

async function start(limits: object, options: FleetOptions = {}): Promise<RawClient> {
  fleet = await startFleet({ nodes: 1, limits, ...options });
  return fleet.connect();
}

/** Waits until an INFO field has the value, and checks that others are still served. */
async function counted(field: string, value: string): Promise<void> {
  await eventually(
    field,
    () => fleet.info(field),
    (text) => text === value,
  );
}

describe('limits of requests', () => {
  it.each([
    ['request_size', '4KiB', ['MSET', 'a', 'x'.repeat(2000), 'b', 'x'.repeat(2100)], 'request larger than the limit of 4096 bytes'],
    ['bulk_size', '1KiB', ['SET', 'k', 'x'.repeat(1025)], 'invalid bulk length'],
    ['arguments', 16, ['MGET', ...Array.from({ length: 16 }, (_, i) => `k${i}`)], 'invalid multibulk length'],
  ])('%s: one more than allowed is a protocol error that closes the client', async (name, limit, words, text) => {
    const client = await start({ [name]: limit });
    client.sendCommand('PING');
    client.sendCommand(...words);
    expect((await client.readToEnd()).toString()).toBe(`+PONG\r\n-ERR Protocol error: ${text}\r\n`);
    await counted('protocol_errors', '1');
  }); // prettier-ignore

  it('what the limits just allow passes', async () => {
    const client = await start({ bulk_size: '1KiB', arguments: 16, key_size: '10B' });
    expect(await client.call('SET', 'k'.repeat(10), 'x'.repeat(1024))).toBe('+OK\r\n');
    expect(await client.call('MGET', ...Array.from({ length: 15 }, (_, i) => `k${i}`))).toMatch(/^\*15\r\n/);
  });

  it('inline_size: a longer line is a protocol error that closes the client', async () => {
    const client = await start({ inline_size: '1KiB' });
    client.send(`ECHO ${'x'.repeat(1000)}\r\nPING ${'y'.repeat(1100)}`);
    const reply = (await client.readToEnd()).toString();
    expect(reply).toBe(`$1000\r\n${'x'.repeat(1000)}\r\n-ERR Protocol error: too big inline request\r\n`);
    await counted('protocol_errors', '1');
  });

  it('key_size: a longer key is an error, wherever it stands, and the client stays', async () => {
    const client = await start({ key_size: '10B' });
    const text = '-ERR ringward: the key has 11 bytes, the limit is 10\r\n';
    const long = 'k'.repeat(11);
    const replies = await pipeline(client, [
      ['GET', long],
      ['MGET', 'a', long],
      ['RENAME', 'a', long],
      ['EVAL', 'return 1', '1', long],
      ['SET', 'a', long],
    ]);
    expect(replies).toEqual([text, text, text, text, '+OK\r\n']);
    await counted('total_error_replies', '4');
  });
});

describe('limits of clients', () => {
  it('clients: one more gets Redis’s error and is closed, until another one leaves', async () => {
    const client = await start({ clients: 3 });
    const others = [await fleet.connect(), await fleet.connect()];
    for (const other of [client, ...others]) expect(await other.call('PING')).toBe('+PONG\r\n');
    const refused = await fleet.connect();
    expect((await refused.readToEnd()).toString()).toBe('-ERR max number of clients reached\r\n');
    expect(await client.call('INFO', 'stats')).toContain('rejected_connections:1\r\n');
    others[0]!.destroy();
    await eventually('a place', async () => (await (await fleet.connect()).call('PING')) === '+PONG\r\n');
  });

  it('idle_timeout: only a client that neither sends nor awaits anything is closed', async () => {
    const idle = await start({ idle_timeout: '1s' }, { nodes: 2, pool: { timeouts: { request: '0' } } });
    const [busy, awaiting, reading] = [await fleet.connect(), await fleet.connect(), await fleet.connect()];
    const [frozen, other] = [fleet.keysOf(1, 1)[0]!, fleet.keysOf(0, 1)[0]!];
    await busy.call('SET', other, Buffer.alloc(30_000_000, 'x'));
    await awaiting.call('GET', frozen);
    fleet.nodes[1]!.freeze();
    awaiting.sendCommand('GET', frozen);
    reading.sendCommand('GET', other);
    reading.socket.pause();
    let isIdleClosed = false;
    void idle.closed.then(() => (isIdleClosed = true));
    // Another client goes on all the time; one reads its long reply slowly.
    await eventually('the idle client to be closed', async () => {
      expect(await busy.call('PING')).toBe('+PONG\r\n');
      reading.socket.read(50_000);
      return isIdleClosed;
    });
    expect(await busy.call('INFO', 'stats')).toContain('client_idle_disconnections:1\r\n');
    fleet.nodes[1]!.thaw();
    expect((await awaiting.readReply()).toString()).toBe('$-1\r\n');
    reading.socket.resume();
    expect((await reading.readReply()).length).toBe(30_000_000 + 13);
  });

  it('client_in_flight: past it a client is not read until replies have left', async () => {
    const client = await start({ client_in_flight: 10 }, { pool: { timeouts: { request: '0' } } });
    await client.call('GET', 'k');
    fleet.nodes[0]!.freeze();
    for (let i = 0; i < 1000; i++) client.sendCommand('SET', `k${i}`, i);
    await eventually('the client to be paused', () => fleet.info('client_pauses'), (count) => Number(count) === 1); // prettier-ignore
    expect(await fleet.info('node0')).toContain(',in_flight=10,');
    fleet.nodes[0]!.thaw();
    expect((await client.readReplies(1000)).every((reply) => reply.toString() === '+OK\r\n')).toBe(true);
  });

  it('client_output: a client that does not read is closed, and counted', async () => {
    const client = await start({ client_output: '4MiB', client_output_pause: '64KiB' });
    await client.call('SET', 'big', Buffer.alloc(500_000, 'x'));
    client.socket.pause();
    for (let i = 0; i < 100; i++) client.sendCommand('GET', 'big');
    await counted('client_output_limit_disconnections', '1');
    await fleet.proxy.waitForLog('client closed: the replies that wait for it passed the limit');
  });

  it('client_output: replies that wait for a slow node count too, also those of parts', async () => {
    const limits = { client_output: '4MiB', client_output_pause: '64KiB' };
    for (const isSplit of [false, true]) {
      const client = await start(limits, { nodes: 2, pool: { timeouts: { request: '0' } } });
      const [slow, fast] = [fleet.keysOf(1, 1)[0]!, fleet.keysOf(0, 1)[0]!];
      await client.call('MSET', fast, Buffer.alloc(500_000, 'x'), slow, 'v');
      fleet.nodes[1]!.freeze();
      if (!isSplit) client.sendCommand('GET', slow);
      for (let i = 0; i < 100; i++) client.sendCommand(...(isSplit ? ['MGET', slow, fast] : ['GET', fast]));
      await counted('client_output_limit_disconnections', '1');
      await client.closed;
      if (!isSplit) await fleet.stop();
    }
  });
});

describe('limits of nodes', () => {
  it('in_flight_per_node: past it the clients that send to the node wait, and lose nothing', async () => {
    const one = await start({}, { nodes: 2, pool: { timeouts: { request: '0' }, limits: { in_flight_per_node: 5 } } });
    const two = await fleet.connect();
    const [keys, other] = [fleet.keysOf(0, 100), fleet.keysOf(1, 1)[0]!];
    await one.call('GET', keys[0]!);
    fleet.nodes[0]!.freeze();
    for (const client of [one, two]) for (const key of keys) client.sendCommand('INCR', key);
    await eventually('both to be paused', () => fleet.info('client_pauses'), (count) => Number(count) >= 2); // prettier-ignore
    expect(await fleet.info('node0')).toContain(',in_flight=5,');
    const bystander = await fleet.connect();
    expect(await bystander.call('SET', other, 'v')).toBe('+OK\r\n');
    fleet.nodes[0]!.thaw();
    const replies = [...(await one.readReplies(100)), ...(await two.readReplies(100))].map(String);
    expect(replies.filter((reply) => reply === ':1\r\n')).toHaveLength(100);
    expect(replies.filter((reply) => reply === ':2\r\n')).toHaveLength(100);
  });

  it('node_output_pause: clients that feed a node which does not read are not read, and lose nothing', async () => {
    const client = await start({ node_output_pause: '64KiB' }, { nodes: 2, pool: { timeouts: { request: '0' } } });
    const [keys, other] = [fleet.keysOf(0, 400), fleet.keysOf(1, 1)[0]!];
    const value = Buffer.alloc(100_000, 'v');
    await client.call('GET', keys[0]!);
    fleet.nodes[0]!.freeze();
    for (const key of keys) client.sendCommand('SET', key, value);
    await eventually('a pause', () => fleet.info('client_pauses'), (count) => Number(count) >= 1); // prettier-ignore
    // What is not in kernel buffers is still here, not in the proxy.
    expect(client.socket.writableLength).toBeGreaterThan(1_000_000);
    const bystander = await fleet.connect();
    expect(await bystander.call('SET', other, 'v')).toBe('+OK\r\n');
    fleet.nodes[0]!.thaw();
    const replies = await client.readReplies(400);
    expect(replies.every((reply) => reply.toString() === '+OK\r\n')).toBe(true);
  });

  it('reply_nesting: a deeper reply is an error, and costs the node its connection', async () => {
    const client = await start({ reply_nesting: 8 });
    const nested = (depth: number): string => `return ${'{'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(await client.call('EVAL', nested(8), 1, 'k')).toMatch(/^(\*1\r\n){8}:1\r\n$/);
    expect(await client.call('EVAL', nested(9), 1, 'k')).toMatch(
      /^-ERR ringward: node n0 \S+ sent what is no reply: nested deeper than 8; the outcome of this write is unknown\r\n$/,
    );
    await counted('upstream_protocol_errors', '1');
    await eventually('the node', async () => (await client.call('GET', 'k')) === '$-1\r\n');
  });
});
