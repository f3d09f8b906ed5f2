/**
 * Broadcasts to nodes that are down, frozen, busy, full, or that refuse a command: the error names the node, says who has done
 * it all the same, and comes in bounded time. Nothing of a broadcast stays behind when its client leaves.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { answerHandshake, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { connectRaw, encodeCommand } from '../support/wire.js';

const fleets: Fleet[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all([...fleets.splice(0).map((fleet) => fleet.stop()), ...servers.splice(0).map((one) => one.kill())]);
});

async function start(options: FleetOptions): Promise<Fleet> {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

async function startNode(...args: readonly string[]): Promise<TestServer> {
  const server = await startRedis({ args });
  servers.push(server);
  return server;
}

describe('a broadcast with a node that is down', () => {
  it('names it, and for what changes something also who has done it', async () => {
    const ports = [(await startNode()).port, await freePort(), (await startNode()).port];
    const fleet = await start({ ports });
    const down = `-ERR ringward: node n1 (127.0.0.1:${ports[1]}) refused the connection (ECONNREFUSED)`;
    await fleet.proxy.waitForLog((log) => log.includes(down.slice(15)));
    const client = await fleet.connect();
    for (const words of [
      ['DBSIZE'], ['KEYS', '*'], ['RANDOMKEY'], ['CONFIG', 'GET', 'port'], ['LASTSAVE'], ['SLOWLOG', 'GET'],
      ['SCRIPT', 'EXISTS', 'x'], ['MEMORY', 'STATS'], ['FUNCTION', 'LIST'], ['LATENCY', 'LATEST'],
    ]) expect([words, await client.call(...words)]).toEqual([words, `${down}\r\n`]); // prettier-ignore
    for (const words of [['FLUSHALL'], ['CONFIG', 'SET', 'timeout', '0'], ['SCRIPT', 'LOAD', 'return 1']]) {
      expect([words, await client.call(...words)]).toEqual([words, `${down}; done by n0, n2\r\n`]);
    }
    expect(await client.call('SCRIPT', 'KILL')).toBe(`${down}\r\n`);
    expect(await client.call('FUNCTION', 'STATS')).toBe(`${down}\r\n`);
    const report = await client.call('MEMORY', 'DOCTOR');
    expect(report).toContain(`(error) ${down.slice(1)}`);
    expect(report).toContain('# Node n2 ');
    expect(await client.call('INFO', 'n1')).toBe(`${down}\r\n`);
    expect(await client.call('INFO', 'n0', 'server')).toContain(`tcp_port:${ports[0]}`);
    expect(await client.call('LOLWUT')).toMatch(/Redis ver/);
  });

  it('tells of all of them when every node is down', async () => {
    const ports = [await freePort(), await freePort()];
    const fleet = await start({ ports });
    const client = await fleet.connect();
    const reply = await eventually(
      'an answer',
      () => client.call('FLUSHALL'),
      (text) => text.includes('refused'),
    );
    expect(reply).toMatch(
      /^-ERR ringward: node n0 .* refused the connection \(ECONNREFUSED\); n1 failed too; done by no node\r\n$/,
    );
    expect(await client.call('MEMORY', 'DOCTOR')).toMatch(/^-ERR ringward: node n0 .*; n1 failed too\r\n$/);
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });
});

describe('a broadcast with a frozen node', () => {
  it('ends at the deadline, and says that the outcome there is unknown', async () => {
    const fleet = await start({ pool: { timeouts: { connect: '300ms', request: '300ms' } } });
    const client = await fleet.connect();
    expect(await client.call('DBSIZE')).toBe(':0\r\n');
    fleet.nodes[2]!.freeze();
    const late = `-ERR ringward: node n2 (127.0.0.1:${fleet.nodes[2]!.port}) did not answer within 300 ms`;
    expect(await client.call('FLUSHALL')).toBe(`${late}; the outcome there is unknown; done by n0, n1\r\n`);
    expect(await client.call('DBSIZE')).toMatch(/^-ERR ringward: node n2 .* did not (answer|accept)/);
    expect(await client.call('SCRIPT', 'KILL')).toMatch(/^-ERR ringward: node n2 .* did not (answer|accept)/);
    fleet.nodes[2]!.thaw();
    await eventually(
      'the node to be back',
      () => client.call('DBSIZE'),
      (reply) => reply === ':0\r\n',
    );
  });

  it('leaves nothing behind when its client goes before the answer', async () => {
    const fleet = await start({ pool: { timeouts: { connect: '5s', request: '5s' } } });
    const client = await fleet.connect();
    await client.call('DBSIZE');
    fleet.nodes[1]!.freeze();
    client.sendCommand('KEYS', '*');
    client.sendCommand('FLUSHALL');
    await eventually(
      'the parts to be in flight',
      () => fleet.info('node1'),
      (text) => text.includes(',in_flight=2,'),
    );
    client.destroy();
    const killer = await fleet.connect();
    killer.sendCommand('SCRIPT', 'KILL');
    await eventually(
      'private connections',
      () => fleet.info('private_connections_lent'),
      (text) => text === '3',
    );
    killer.destroy();
    fleet.nodes[1]!.thaw();
    const next = await fleet.connect();
    expect(await next.call('DBSIZE')).toBe(':0\r\n');
    await eventually(
      'nothing in flight',
      () => fleet.info('node1'),
      (text) => text.includes(',in_flight=0,'),
    );
  });
});

describe('a broadcast that some nodes refuse', () => {
  it('names the node with its own words, keeps the code, and says who has done it', async () => {
    const ports = [(await startNode()).port, (await startNode('--rename-command', 'FLUSHALL', '')).port];
    const fleet = await start({ ports });
    const client = await fleet.connect();
    expect(await client.call('FLUSHALL')).toBe(
      `-ERR ringward: node n1 (127.0.0.1:${ports[1]}) answered ERR unknown command 'FLUSHALL', with args beginning with: ; done by n0\r\n`,
    );
    const direct = await connectRaw(ports[0]!);
    await direct.call('ACL', 'SETUSER', 'default', '-dbsize', '-config|set');
    expect(await client.call('DBSIZE')).toBe(
      `-NOPERM ringward: node n0 (127.0.0.1:${ports[0]}) answered NOPERM this user has no permissions to run the 'dbsize' command\r\n`,
    );
    expect(await client.call('CONFIG', 'SET', 'timeout', '0')).toMatch(
      /^-NOPERM ringward: node n0 .*; done by n1\r\n$/,
    );
    direct.destroy();
  });

  it('says so when a node answers with what cannot be merged', async () => {
    const real = await startNode();
    const liar = await startFakeNode((words, socket) => {
      if (!answerHandshake(words, socket)) socket.write(words[0] === 'FLUSHALL' ? ':1\r\n' : '+no number\r\n');
    });
    const fleet = await start({ ports: [real.port, liar.port] });
    const client = await fleet.connect();
    const where = `-ERR ringward: node n1 (127.0.0.1:${liar.port}) answered`;
    const misfit = (name: string, what: string): string => `${where} ${name} with something that is not ${what}\r\n`;
    expect(await client.call('DBSIZE')).toBe(misfit('DBSIZE', 'a number'));
    expect(await client.call('KEYS', '*')).toBe(misfit('KEYS', 'a list'));
    expect(await client.call('SCRIPT', 'EXISTS', 'x')).toBe(misfit('SCRIPT EXISTS', 'a list of 1'));
    expect(await client.call('FLUSHALL')).toMatch(/answered FLUSHALL with something that is not what node n0 /);
    for (const words of [
      ['CONFIG', 'GET', 'x'],
      ['SLOWLOG', 'GET'],
      ['MEMORY', 'STATS'],
      ['LATENCY', 'LATEST'],
      ['FUNCTION', 'LIST'],
      ['RANDOMKEY'],
    ]) {
      expect(await client.call(...words)).toMatch(/^[*$-]/);
    }
    expect(await client.call('PING')).toBe('+PONG\r\n');
    await liar.stop();
  });
});

describe('a node that is busy with a script', () => {
  it.each([2, 3])('is freed by SCRIPT KILL through the proxy, in RESP%i', async (version) => {
    const nodeArgs = ['--busy-reply-threshold', '50'];
    const fleet = await start({ nodeArgs, pool: { timeouts: { request: '30s' } } });
    const [runner, killer] = [await fleet.connect(), await fleet.connect()];
    await killer.call('HELLO', version);
    await killer.call('SELECT', '2');
    const [key] = fleet.keysOf(1, 1);
    runner.sendCommand('EVAL', 'while true do end', '1', key!);
    await eventually(
      'the script to be killed',
      () => killer.call('SCRIPT', 'KILL'),
      (reply) => reply === '+OK\r\n',
    );
    expect((await runner.readReply()).toString()).toMatch(/^-ERR Error running script|^-ERR .*Script killed by user/);
    expect(await killer.call('SCRIPT', 'KILL')).toBe('-NOTBUSY No scripts in execution right now.\r\n');
  });

  it('is seen by FUNCTION STATS and freed by FUNCTION KILL', async () => {
    const fleet = await start({ nodeArgs: ['--busy-reply-threshold', '50'], pool: { timeouts: { request: '30s' } } });
    const [runner, killer] = [await fleet.connect(), await fleet.connect()];
    const library = "#!lua name=slow\nredis.register_function('forever', function() while true do end end)";
    expect(await killer.call('FUNCTION', 'LOAD', library)).toBe('$4\r\nslow\r\n');
    const [key] = fleet.keysOf(2, 1);
    runner.sendCommand('FCALL', 'forever', '1', key!);
    const stats = await eventually(
      'the function to be seen',
      () => killer.call('FUNCTION', 'STATS'),
      (reply) => reply.includes('forever'),
    );
    expect(stats).toMatch(/running_script\r\n\*6\r\n\$4\r\nname\r\n\$7\r\nforever\r\n.*engines\r\n/s);
    await eventually(
      'the function to be killed',
      () => killer.call('FUNCTION', 'KILL'),
      (reply) => reply === '+OK\r\n',
    );
    expect((await runner.readReply()).toString()).toMatch(/^-ERR/);
  });
});

describe('limits', () => {
  it('a broadcast waits for a full channel before any part of it is sent', async () => {
    const fleet = await start({ pool: { limits: { in_flight_per_node: 1 } } });
    const clients = await Promise.all([0, 1, 2, 3].map(() => fleet.connect()));
    const [key] = fleet.keysOf(0, 1);
    const round = [['SET', key!, 'v'], ['DBSIZE'], ['RANDOMKEY'], ['KEYS', '*'], ['SCRIPT', 'KILL'], ['PING']];
    const bytes = Buffer.concat(Array.from({ length: 10 }, () => round.map((words) => encodeCommand(...words))).flat());
    const expected = [
      '+OK\r\n', ':1\r\n', `$${key!.length}\r\n${key!}\r\n`, `*1\r\n$${key!.length}\r\n${key!}\r\n`,
      '-NOTBUSY No scripts in execution right now.\r\n', '+PONG\r\n',
    ]; // prettier-ignore
    await Promise.all(
      clients.map(async (client) => {
        client.send(bytes);
        const replies = (await client.readReplies(60)).map(String);
        for (let i = 0; i < 60; i += 6) expect(replies.slice(i, i + 6)).toEqual(expected);
      }),
    );
  });

  it('KEYS over limits.client_output closes its client and no other', async () => {
    const fleet = await start({ limits: { client_output: '1MiB', client_output_pause: '512KiB' } });
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    const pad = 'x'.repeat(1000);
    for (let i = 0; i < 10; i++) {
      await client.call('MSET', ...Array.from({ length: 200 }, (_, j) => [`${i}:${j}:${pad}`, 'v']).flat());
    }
    client.sendCommand('KEYS', '*');
    await client.closed;
    expect(await fleet.info('client_output_limit_disconnections')).toBe('1');
    expect(await other.call('DBSIZE')).toBe(':2000\r\n');
    expect(await other.call('KEYS', '9:199:*')).toBe(`*1\r\n$${6 + pad.length}\r\n9:199:${pad}\r\n`);
  });

  it('SCRIPT KILL without private connections says so', async () => {
    const fleet = await start({ pool: { limits: { private_connections: 2 } } });
    const client = await fleet.connect();
    expect(await client.call('SCRIPT', 'KILL')).toBe(
      '-ERR ringward: all 2 private connections of the pool are in use\r\n',
    );
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });
});
