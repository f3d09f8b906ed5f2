/**
 * Transactions and blocking commands when something goes wrong: nodes that die, freeze, lie or refuse; clients that leave
 * at every point; a proxy that stops. A private connection must come back clean or not at all.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { pipeline } from '../integration/commands-replies.js';
import { eventually } from '../support/eventually.js';
import { answerHandshake, type FakeNode, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';
import { type RawClient } from '../support/wire.js';

const fleets: Fleet[] = [];
const fakes: FakeNode[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
});

async function start(options: FleetOptions): Promise<Fleet> {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

async function waiting(fleet: Fleet, id: string): Promise<void> {
  const asker = await fleet.connect();
  await eventually(
    `client ${id} to wait`,
    () => asker.call('CLIENT', 'LIST', 'ID', id),
    (line) => / flags=\w*b/.test(line),
  );
}

async function idOf(client: RawClient): Promise<string> {
  return (await client.call('CLIENT', 'ID')).slice(1, -2);
}

describe('every way out of a transaction', () => {
  // With one connection to lend, whoever is next gets what the one before left, or a new one.
  const exits: [string, readonly string[] | ((fleet: Fleet, client: RawClient) => Promise<void>)][] = [
    ['EXEC', ['WATCH k', 'MULTI', 'SET k 1', 'EXEC']],
    ['EXEC of nothing', ['WATCH k', 'MULTI', 'EXEC']],
    ['EXEC after a change', ['WATCH k', 'INCR k', 'MULTI', 'EXEC']],
    ['EXEC of a doomed one', ['WATCH k', 'MULTI', 'NO', 'EXEC']],
    ['EXEC with an error in it', ['WATCH k', 'MULTI', 'LPUSH k x', 'EXEC']],
    ['EXEC with arguments', ['WATCH k', 'MULTI', 'EXEC x']],
    ['EXEC with SELECT', ['WATCH k', 'MULTI', 'SELECT 3', 'EXEC']],
    ['EXEC in another database', ['WATCH k', 'SELECT 2', 'MULTI', 'PING', 'EXEC']],
    ['EXEC in another RESP version', ['WATCH k', 'HELLO 3', 'MULTI', 'EXEC']],
    ['DISCARD', ['WATCH k', 'MULTI', 'GET k', 'DISCARD']],
    ['UNWATCH', ['WATCH k', 'UNWATCH']],
    ['RESET', ['WATCH k', 'MULTI', 'RESET']],
    ['QUIT', ['WATCH k', 'QUIT']],
    ['an error to WATCH', ['WATCH']],
    ['a command that blocked', ['BLPOP nolist 0.01']],
    ['WAIT', ['WAIT 0 0']],
    [
      'leaving with watched keys',
      async (_, client) => {
        await client.call('WATCH', 'k');
        client.socket.resetAndDestroy();
      },
    ],
    [
      'leaving with EXEC under way',
      async (_, client) => {
        await client.call('WATCH', 'k');
        for (const words of [['MULTI'], ['GET', 'k'], ['EXEC']]) client.sendCommand(...words);
        client.end();
        await client.closed;
      },
    ],
    [
      'CLIENT KILL',
      async (fleet, client) => {
        const id = await idOf(client);
        await client.call('WATCH', 'k');
        await (await fleet.connect()).call('CLIENT', 'KILL', 'ID', id);
        await client.closed;
      },
    ],
    [
      'leaving while it blocks',
      async (fleet, client) => {
        const id = await idOf(client);
        client.sendCommand('BLPOP', 'nolist', '0');
        await waiting(fleet, id);
        client.destroy();
      },
    ],
  ];

  it('leaves a clean connection, or none', async () => {
    const fleet = await start({ nodes: 1, pool: { limits: { private_connections: 1 } } });
    for (const [exit, leave] of exits) {
      const [client, next] = [await fleet.connect(), await fleet.connect()];
      await next.call('SET', 'k', '1');
      if (typeof leave === 'function') await leave(fleet, client);
      else
        await pipeline(
          client,
          leave.map((line) => line.split(' ')),
        );
      client.destroy();
      // Dirty would be: k still watched, a transaction still open, another database or version, replies left over.
      await next.call('SET', 'k', '2');
      const [reply] = await eventually(
        `a connection after ${exit}`,
        async () => (await pipeline(next, [['MULTI'], ['GET', 'k'], ['SET', 'k', '3'], ['EXEC']])).slice(-1),
        ([text]) => !text!.includes('in use'),
      );
      expect([exit, reply]).toEqual([exit, '*2\r\n$1\r\n2\r\n+OK\r\n']);
      expect([exit, await next.call('GET', 'k')]).toEqual([exit, '$1\r\n3\r\n']);
      expect([exit, await next.call('BLPOP', 'nolist', '0.01')]).toEqual([exit, '*-1\r\n']);
      next.destroy();
    }
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
  });
});

describe('a node that is lost', () => {
  it('with EXEC under way: the outcome is unknown, and the error says so', async () => {
    const fleet = await start({ nodes: 1 });
    const client = await fleet.connect();
    await pipeline(client, [['MULTI'], ['SET', 'k', '1'], ['EXEC']]);
    fleet.nodes[0]!.freeze();
    for (const words of [['MULTI'], ['SET', 'k', '2'], ['EXEC']]) client.sendCommand(...words);
    expect((await client.readReplies(2)).map(String)).toEqual(['+OK\r\n', '+QUEUED\r\n']);
    await fleet.nodes[0]!.kill();
    expect((await client.readReply()).toString()).toMatch(
      /^-ERR ringward: node n0 \(127\.0\.0\.1:\d+\) closed the connection.*; the outcome of this transaction is unknown\r\n$/,
    );
    expect((await pipeline(client, [['MULTI'], ['GET', 'k'], ['EXEC']])).at(-1)).toMatch(
      /^-EXECABORT ringward: the transaction was discarded: node n0 .* (refused|closed) the connection/,
    );
  });

  it('with keys watched: EXEC does not claim that they are unchanged, nor that they changed', async () => {
    const fleet = await start({ nodes: 1 });
    const client = await fleet.connect();
    await client.call('WATCH', 'k');
    const { port } = fleet.nodes[0]!;
    await fleet.nodes[0]!.kill();
    fleet.nodes[0] = await startRedis({ port });
    await eventually(
      'the node to be back',
      () => client.call('GET', 'k'),
      (reply) => reply === '$-1\r\n',
    );
    expect((await pipeline(client, [['MULTI'], ['SET', 'k', '1'], ['EXEC']])).at(-1)).toMatch(
      /^-EXECABORT Transaction discarded because of: ringward: the connection with the watched keys to node n0 \(.*\) was lost\r\n$/,
    );
    expect(await client.call('EXISTS', 'k')).toBe(':0\r\n');
    expect((await pipeline(client, [['WATCH', 'k'], ['MULTI'], ['SET', 'k', '1'], ['EXEC']])).at(-1)).toBe(
      '*1\r\n+OK\r\n',
    );
  });

  it('with a client waiting: it gets an error that names the node, and others go on', async () => {
    const fleet = await start({ nodes: 2 });
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    const key = fleet.keysOf(1, 1)[0]!;
    const id = await idOf(client);
    client.sendCommand('BLPOP', key, '0');
    await waiting(fleet, id);
    await fleet.nodes[1]!.kill();
    expect((await client.readReply()).toString()).toMatch(
      /^-ERR ringward: node n1 \(127\.0\.0\.1:\d+\) closed the connection.*; the outcome of this write is unknown\r\n$/,
    );
    expect(await other.call('SET', fleet.keysOf(0, 1)[0]!, 'v')).toBe('+OK\r\n');
    expect(await client.call('BLPOP', key, '0')).toMatch(/^-ERR ringward: node n1 .*/);
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });
});

describe('a frozen node', () => {
  it('ends a wait at the timeout of the command and that of requests together, and a transaction at the latter', async () => {
    const fleet = await start({ nodes: 1, pool: { timeouts: { connect: '300ms', request: '200ms' } } });
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    // Two connections are open before it freezes: no other could be opened then.
    await pipeline(other, [['MULTI'], ['GET', 'k'], ['EXEC'], ['WATCH', 'k']]);
    expect(await client.call('BLPOP', 'k', '0.5')).toBe('*-1\r\n');
    fleet.nodes[0]!.freeze();
    for (const words of [['MULTI'], ['GET', 'k'], ['EXEC']]) other.sendCommand(...words);
    expect(await client.call('BLPOP', 'k', '0.1')).toMatch(
      /did not answer within 300 ms; the outcome of this write is unknown/,
    );
    expect((await other.readReplies(3)).at(-1)!.toString()).toMatch(
      /^-ERR ringward: node n0 .* did not answer within 200 ms; the outcome of this transaction is unknown/,
    );
    fleet.nodes[0]!.thaw();
  });
});

describe('a node that does not let transactions be', () => {
  it('is asked first, so that no command runs outside of one', async () => {
    const fleet = await start({ nodes: 1 });
    const node = await fleet.connectNode(0);
    await node.call('ACL', 'SETUSER', 'default', '-multi');
    const client = await fleet.connect();
    expect((await pipeline(client, [['MULTI'], ['SET', 'k', '1'], ['EXEC']])).at(-1)).toMatch(
      /^-EXECABORT ringward: the transaction was discarded: node n0 \(.*\) refused it: NOPERM/,
    );
    expect(await client.call('EXISTS', 'k')).toBe(':0\r\n');
  });

  it('has its error at queue time passed on', async () => {
    const fleet = await start({ nodes: 1 });
    const node = await fleet.connectNode(0);
    await node.call('ACL', 'SETUSER', 'default', '-append');
    const client = await fleet.connect();
    const replies = await pipeline(client, [
      ['MULTI'],
      ['SET', 'k', '1'],
      ['APPEND', 'k', 'x'],
      ['EXEC'],
      ['EXISTS', 'k'],
    ]);
    expect(replies.slice(-2)).toEqual(['-EXECABORT Transaction discarded because of previous errors.\r\n', ':0\r\n']);
    expect((await pipeline(client, [['MULTI'], ['SET', 'k', '1'], ['EXEC']])).at(-1)).toBe('*1\r\n+OK\r\n');
  });
});

describe('a node that lies', () => {
  it('about the number of replies of EXEC: the client gets an error, nobody the rest', async () => {
    const answers: Record<string, string> = { MULTI: '+OK\r\n', EXEC: '*1\r\n:1\r\n', GET: '+QUEUED\r\n' };
    const fake = await startFakeNode((words, socket) => {
      if (!answerHandshake(words, socket)) socket.write(answers[words[0]!] ?? '-ERR no\r\n');
    });
    fakes.push(fake);
    const fleet = await start({ ports: [fake.port] });
    const client = await fleet.connect();
    expect((await pipeline(client, [['MULTI'], ['GET', 'a'], ['GET', 'b'], ['EXEC'], ['PING']])).slice(-2)).toEqual([
      `-ERR ringward: node n0 (127.0.0.1:${fake.port}) answered 2 queued commands with 1 replies\r\n`,
      '+PONG\r\n',
    ]);
    await eventually(
      'the connection to be closed',
      () => fake.sockets.size,
      (count) => count === 1,
    );
  });
});

describe('a proxy that stops', () => {
  it('closes clients that wait at the drain deadline, and those with watched keys at once', async () => {
    const fleet = await start({ nodes: 1, timeouts: { drain: '300ms' } });
    const [blocked, watching] = [await fleet.connect(), await fleet.connect()];
    await watching.call('WATCH', 'k');
    const id = await idOf(blocked);
    blocked.sendCommand('BLPOP', 'k', '0');
    await waiting(fleet, id);
    fleet.proxy.signal('SIGTERM');
    await Promise.all([blocked.closed, watching.closed, fleet.proxy.exited]);
    expect(fleet.proxy.exitCode()).toBe(0);
    expect(blocked.unread().length).toBe(0);
  });
});
