/**
 * What becomes of a command that the proxy computes from several nodes when one of them is down, does not answer, or
 * answers another question, when the client leaves, and when the replies pass their limit. The connections to the nodes
 * stay in step, and other clients notice nothing.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { answerHandshake, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.map((stop) => stop()));
  cleanUp = [];
});

async function start({ pool, ...options }: FleetOptions = {}): Promise<Fleet> {
  const fleet = await startFleet({ ...options, pool: { cross_node_reads: true, ...pool } });
  cleanUp.push(() => fleet.stop());
  return fleet;
}

const READS: readonly [string, (keys: readonly string[]) => string[]][] = [
  ['SUNION', (keys) => ['SUNION', ...keys]],
  ['SINTERCARD', (keys) => ['SINTERCARD', String(keys.length), ...keys]],
  ['ZUNION', (keys) => ['ZUNION', String(keys.length), ...keys]],
  ['ZDIFF', (keys) => ['ZDIFF', String(keys.length), ...keys]],
  ['PFCOUNT', (keys) => ['PFCOUNT', ...keys]],
];

describe('a node that fails', () => {
  it('is named in the error, whether it was known to be down or not', async () => {
    const fleet = await start();
    const client = await fleet.connect();
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    await fleet.nodes[1]!.kill();
    await eventually(
      'the node to refuse connections',
      () => client.call('GET', keys[1]!),
      (reply) => reply.includes('ECONNREFUSED'),
    );
    for (const [, words] of READS) {
      expect(await client.call(...words(keys))).toMatch(
        /^-ERR ringward: node n1 \(127\.0\.0\.1:\d+\) refused the connection \(ECONNREFUSED\)\r\n$/,
      );
    }
    expect(await client.call('SUNION', keys[0]!, keys[2]!)).toBe('*0\r\n');
  });

  it('is named in the error when it does not answer in time', async () => {
    const fleet = await start({ pool: { timeouts: { request: '300ms' } } });
    const client = await fleet.connect();
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    fleet.nodes[2]!.freeze();
    for (const [, words] of READS) client.sendCommand(...words(keys));
    for (const reply of await client.readReplies(READS.length)) {
      expect(reply.toString()).toMatch(/^-ERR ringward: node n2 \(.+\) did not answer within 300 ms\r\n$/);
    }
    fleet.nodes[2]!.thaw();
  });

  it.each([
    ['SUNION', ':5\r\n', 'something that is not a list of members'],
    ['SUNION', '*1\r\n:5\r\n', 'a list with something that is no member'],
    ['SUNION', '*-1\r\n', 'a list of unknown length'],
    ['ZUNION', '*1\r\n$1\r\na\r\n', 'something that is not members with scores'],
    ['ZUNION', '*2\r\n$1\r\na\r\n$1\r\nx\r\n', 'something that is not members with scores'],
    ['PFCOUNT', '*0\r\n', 'something that is not a string'],
  ])('answering %s with %j makes the reply an error', async (name, answer, text) => {
    const real = await startRedis();
    const liar = await startFakeNode((words, socket) => answerHandshake(words, socket) || socket.write(answer));
    cleanUp.push(
      () => real.kill(),
      () => liar.stop(),
    );
    const fleet = await start({ ports: [real.port, liar.port] });
    const client = await fleet.connect();
    const keys = [0, 1].map((node) => fleet.keysOf(node, 1)[0]!);
    const words = READS.find(([each]) => each === name)![1](keys);
    expect(await client.call(...words)).toBe(`-ERR ringward: a node answered ${name} with ${text}\r\n`);
    expect(await client.call('GET', keys[0]!)).toBe('$-1\r\n');
  });
});

describe('a client that leaves', () => {
  it('before the last node has answered leaves nothing behind', async () => {
    const fleet = await start({ pool: { timeouts: { request: '0' } } });
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    const bystander = await fleet.connect();
    for (const key of keys) await bystander.call('SADD', key, 'member', 'x'.repeat(20_000));
    fleet.nodes[2]!.freeze();
    const clients = await Promise.all(Array.from({ length: 5 }, () => fleet.connect()));
    for (const client of clients) for (const [, words] of READS) client.sendCommand(...words(keys));
    await eventually('the commands to be served', async () => Number(await fleet.info('cross_node_reads')) === 25);
    // A reset: a client that only ends its side still gets its replies.
    for (const client of clients) client.socket.resetAndDestroy();
    await eventually('the clients to be gone', async () => Number(await fleet.info('connected_clients')) <= 2);
    fleet.nodes[2]!.thaw();
    await eventually(
      'nothing to be in flight',
      () => bystander.call('INFO', 'nodes'),
      (info) => [...info.matchAll(/in_flight=(\d+)/g)].every(([, count]) => count === '0'),
    );
    expect(await bystander.call('SINTERCARD', '3', ...keys)).toBe(':2\r\n');
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
  });
});

describe('the limit cross_node_read_size', () => {
  const tooLarge = (name: string): string =>
    `-ERR ringward: the nodes' replies for this ${name} over several nodes have more than 4096 bytes, the limit ` +
    'cross_node_read_size; raise it, or give the keys a common {tag} so that one node can answer\r\n';

  it('is an error past it, for replies that are too long together or alone, and the connections stay in step', async () => {
    const fleet = await start({ limits: { cross_node_read_size: '4KiB' } });
    const client = await fleet.connect();
    const [small, large, huge] = ['s', 'l', 'h'].map((prefix) =>
      [0, 1, 2].map((node) => fleet.keysOf(node, 1, prefix)[0]!),
    ) as [string[], string[], string[]];
    for (const node of [0, 1, 2]) {
      await client.call('SADD', small[node]!, `of ${node}`, 'of all');
      await client.call('SADD', large[node]!, 'x'.repeat(1500), `of ${node}`);
      await client.call('SET', huge[node]!, 'y'.repeat(3_000_000 + node));
    }
    const connects = await fleet.info('upstream_connects');
    for (let round = 0; round < 5; round++) {
      client.sendCommand('SINTER', ...small);
      client.sendCommand('SUNION', ...large);
      client.sendCommand('PFCOUNT', ...huge);
      client.sendCommand('PFCOUNT', huge[0]!, small[1]!);
      client.sendCommand('GET', huge[2]!);
      client.sendCommand('SINTERCARD', '2', large[0]!, large[1]!);
      const replies = (await client.readReplies(6)).map(String);
      expect(replies[4]!.length).toBe(3_000_002 + '$3000002\r\n\r\n'.length);
      replies.splice(4, 1);
      expect(replies).toEqual([
        '*1\r\n$6\r\nof all\r\n',
        tooLarge('SUNION'),
        tooLarge('PFCOUNT'),
        tooLarge('PFCOUNT'),
        ':1\r\n',
      ]);
    }
    expect(await fleet.info('cross_node_reads_too_large')).toBe('15');
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
    expect(await fleet.info('upstream_connects')).toBe(connects);
  });

  it('is an error also for one reply of more than client_output, which would close any other client', async () => {
    const limits = { client_output: '1MiB', client_output_pause: '64KiB' };
    const fleet = await start({ limits, pool: { timeouts: { request: '0' } } });
    const client = await fleet.connect();
    const keys = [0, 1].map((node) => fleet.keysOf(node, 1)[0]!);
    await client.call('SET', keys[0]!, 'y'.repeat(3_000_000));
    for (let round = 0; round < 5; round++) {
      client.sendCommand('PFCOUNT', ...keys);
      client.sendCommand('STRLEN', keys[0]!);
      const replies = (await client.readReplies(2)).map(String);
      expect(replies[0]).toMatch(
        /^-ERR ringward: .+ this PFCOUNT .+ more than 1048576 bytes, the limit cross_node_read/,
      );
      expect(replies[1]).toBe(':3000000\r\n');
    }
    expect(await fleet.info('client_output_limit_disconnections')).toBe('0');
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
  });

  it('holds for a reply of many small members, and for one whose client has left', async () => {
    const fleet = await start({ limits: { cross_node_read_size: '64KiB' }, pool: { timeouts: { request: '0' } } });
    const client = await fleet.connect();
    const keys = [0, 1].map((node) => fleet.keysOf(node, 1)[0]!);
    for (let i = 0; i < 30; i++) {
      await client.call('SADD', keys[0]!, ...Array.from({ length: 5000 }, (_, n) => `member ${i} ${n}`));
    }
    await client.call('SADD', keys[1]!, 'member 0 0');
    expect(await client.call('SINTER', ...keys)).toMatch(/^-ERR ringward: .+ more than 65536 bytes/);
    const leaving = await fleet.connect();
    for (let i = 0; i < 5; i++) leaving.sendCommand('SUNION', ...keys);
    await eventually('the commands to be served', async () => Number(await fleet.info('cross_node_reads')) === 6);
    leaving.socket.resetAndDestroy();
    expect(await client.call('SCARD', keys[0]!)).toBe(':150000\r\n');
    expect(await client.call('SISMEMBER', keys[1]!, 'member 0 0')).toBe(':1\r\n');
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
  });
});

describe('the limit in_flight_per_node', () => {
  it('lets a command wait that finds room later, and refuses one that never would', async () => {
    const fleet = await start({ pool: { limits: { in_flight_per_node: 4 } } });
    const client = await fleet.connect();
    const [here, there] = [fleet.keysOf(0, 5), fleet.keysOf(1, 1)];
    for (const key of [...here, ...there]) await client.call('ZADD', key, '1', 'member');
    const words = ['ZUNION', '5', ...here.slice(0, 4), ...there, 'WITHSCORES'];
    for (let i = 0; i < 50; i++) {
      client.sendCommand('ZCARD', here[0]!);
      client.sendCommand(...words);
    }
    const replies = (await client.readReplies(100)).map(String);
    expect(new Set(replies)).toEqual(new Set([':1\r\n', '*2\r\n$6\r\nmember\r\n$1\r\n5\r\n']));
    expect(await client.call('ZUNION', '6', ...here, ...there)).toBe(
      '-ERR ringward: 5 keys of node n0 would be read at once, the limit in_flight_per_node is 4\r\n',
    );
    expect(await client.call('SUNION', ...here, ...there)).toMatch(/^-WRONGTYPE /);
  });
});
