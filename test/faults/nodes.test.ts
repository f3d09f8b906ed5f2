/**
 * Real nodes that are down, killed, frozen, or refuse the proxy: who gets which error, what goes on, and how it heals.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient } from '../support/wire.js';

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

async function startNode(args: readonly string[] = [], port?: number): Promise<TestServer> {
  const server = await startRedis({ args, ...(port === undefined ? {} : { port }) });
  servers.push(server);
  return server;
}

/** The reply to GET, once it is the one that is waited for. */
function answers(client: RawClient, key: string, pattern: RegExp): Promise<string> {
  return eventually(
    `an answer for ${key}`,
    () => client.call('GET', key),
    (reply) => pattern.test(reply),
  );
}

describe('a node that is down when the proxy starts', () => {
  it('is logged, costs the others nothing, fails fast, and serves as soon as it is there', async () => {
    const port = await freePort();
    const one = await startNode();
    const fleet = await start({ ports: [one.port, port] });
    const text = `node n1 (127.0.0.1:${port}) refused the connection (ECONNREFUSED)`;
    await fleet.proxy.waitForLog((log) => log.includes(text));
    const client = await fleet.connect();
    const [up, down] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    expect(await client.call('SET', up, 'v')).toBe('+OK\r\n');
    expect(await client.call('SET', down, 'v')).toBe(`-ERR ringward: ${text}\r\n`);
    expect(await fleet.info('node1')).toContain(',state=down,');
    await startNode([], port);
    await answers(client, down, /^\$-1/);
    expect(await client.call('SET', down, 'v')).toBe('+OK\r\n');
    await fleet.proxy.waitForLog(/"node":"n1"[^\n]*is back/);
    expect(await fleet.info('node1')).toContain(',state=up,');
  });
});

describe('a node that is killed under load', () => {
  it('fails what was in flight, says that writes have an unknown outcome, and serves again when it is back', async () => {
    const fleet = await start({ nodes: 3 });
    const victim = fleet.nodes[1]!;
    const client = await fleet.connect();
    const [alive, dead] = [fleet.keysOf(0, 50), fleet.keysOf(1, 50)];
    await client.call('GET', dead[0]!);
    victim.freeze(); // so that the requests below are certainly in flight when it dies
    for (let i = 0; i < 50; i++) {
      client.sendCommand('SET', dead[i]!, i);
      client.sendCommand('SET', alive[i]!, i);
      client.sendCommand('GET', dead[i]!);
      client.sendCommand('DEL', dead[i]!, alive[i]!);
    }
    await eventually(
      'the requests to be in flight',
      () => fleet.info('node1'),
      (text) => text.includes(',in_flight=150,'),
    );
    await victim.kill();
    const replies = (await client.readReplies(200)).map(String);
    const where = `-ERR ringward: node n1 (127.0.0.1:${victim.port}) closed the connection`;
    for (let i = 0; i < 200; i += 4) {
      expect(replies[i]!.startsWith(where)).toBe(true);
      expect(replies[i]).toMatch(/; the outcome of this write is unknown\r\n$/);
      expect(replies[i + 1]).toBe('+OK\r\n');
      expect(replies[i + 2]).toMatch(/^-ERR ringward: node n1 [^;]*closed the connection[^;]*\r\n$/);
      expect(replies[i + 3]).toMatch(/closed the connection.*; the outcome there is unknown/);
    }
    fleet.nodes[1] = await startRedis({ port: victim.port });
    await answers(client, dead[0]!, /^\$-1/);
  });
});

describe('a frozen node', () => {
  it('times out with a clear error, keeps order, leaves other nodes alone, and comes back on a new connection', async () => {
    const fleet = await start({ nodes: 3, pool: { timeouts: { connect: '300ms', request: '300ms' } } });
    const frozen = fleet.nodes[2]!;
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    const [up, down] = [fleet.keysOf(0, 20, 'f'), fleet.keysOf(2, 20, 'f')];
    await client.call('SET', down[0]!, 'before');
    const connects = Number(await fleet.info('upstream_connects'));
    frozen.freeze();
    for (let i = 0; i < 20; i++) {
      client.sendCommand('SET', down[i]!, `late${i}`);
      client.sendCommand('ECHO', i);
      client.sendCommand('INCR', up[i]!);
      client.sendCommand('MGET', up[i]!, down[i]!);
    }
    for (let i = 0; i < 50; i++) expect(await other.call('SET', up[0]! + '{x}', i)).not.toMatch(/^-ERR.* n[01] /);
    const replies = (await client.readReplies(80)).map(String);
    const text = `node n2 (127.0.0.1:${frozen.port}) did not answer within 300 ms`;
    for (let i = 0; i < 20; i++) {
      expect(replies[i * 4]).toBe(`-ERR ringward: ${text}; the outcome of this write is unknown\r\n`);
      expect(replies[i * 4 + 1]).toBe(`$${String(i).length}\r\n${i}\r\n`);
      expect(replies[i * 4 + 2]).toBe(':1\r\n');
      expect(replies[i * 4 + 3]).toBe(`*2\r\n$1\r\n1\r\n-ERR ringward: ${text}\r\n`);
    }
    expect(Number(await fleet.info('upstream_timeouts'))).toBeGreaterThan(0);
    frozen.thaw();
    // The late replies come on a connection that is gone: nobody gets them.
    await answers(client, down[1]!, /^\$(-1|5\r\nlate1)/);
    for (let i = 0; i < 100; i++) {
      const key = down[i % 20]!;
      expect(await client.call('SET', key, `now${i}`)).toBe('+OK\r\n');
      expect(await client.call('GET', key)).toBe(`$${3 + String(i).length}\r\nnow${i}\r\n`);
    }
    expect(Number(await fleet.info('upstream_connects'))).toBeGreaterThan(connects);
  });

  it('is answered for at once while the proxy tries to connect again', async () => {
    const fleet = await start({ nodes: 2, pool: { timeouts: { connect: '60s', request: '0' } } });
    const client = await fleet.connect();
    const [up, down] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    await client.call('GET', down);
    const { port } = fleet.nodes[1]!;
    await fleet.nodes[1]!.kill();
    await answers(client, down, /refused the connection/);
    // Now something accepts the connection and says nothing: requests that waited for it would wait a minute.
    const silent = createServer().listen(port, '127.0.0.1');
    await once(silent, 'connection');
    for (let i = 0; i < 20; i++) {
      expect(await client.call('GET', down)).toMatch(/^-ERR ringward: node n1 \S+ refused the connection/);
      expect(await client.call('GET', up)).toBe('$-1\r\n');
    }
    silent.close();
  });

  it('does not let a request wait longer than its deadline for a connection', async () => {
    const fleet = await start({ nodes: 2, pool: { timeouts: { connect: '60s', request: '200ms' } } });
    const client = await fleet.connect();
    const [up, down] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    await client.call('GET', down);
    fleet.nodes[1]!.freeze();
    expect(await client.call('GET', down)).toMatch(/did not answer within 200 ms/);
    expect(await client.call('SET', down, 'x')).toMatch(
      /^-ERR ringward: node n1 \S+ did not answer within 200 ms\r\n$/,
    );
    expect(await client.call('MGET', down, up)).toMatch(/did not answer within 200 ms\r\n\$-1\r\n$/);
    fleet.nodes[1]!.thaw();
    await answers(client, down, /^\$-1/);
  });
});

describe('a node that does not let the proxy in', () => {
  it('because the password is wrong is down, and log and clients hear why', async () => {
    const node = await startNode(['--requirepass', 'right']);
    const fleet = await start({ ports: [node.port], pool: { auth: { password: 'sesame' } } });
    const client = await fleet.connect();
    await answers(client, 'k', /^-ERR ringward: node n0 \S+ refused AUTH: WRONGPASS/);
    await fleet.proxy.waitForLog('refused AUTH: WRONGPASS');
    expect(fleet.proxy.log()).not.toContain('sesame');
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });

  it('is asked with the right password, in every database and version', async () => {
    const node = await startNode(['--requirepass', 'right']);
    const fleet = await start({ ports: [node.port], pool: { auth: { password: 'right' } } });
    const client = await fleet.connect();
    expect(await client.call('SET', 'k', 'v')).toBe('+OK\r\n');
    await client.call('HELLO', 3);
    await client.call('SELECT', 7);
    expect(await client.call('GET', 'k')).toBe('_\r\n');
  });

  it('for want of a password is down, instead of telling clients to log in', async () => {
    const node = await startNode(['--requirepass', 'right']);
    const fleet = await start({ ports: [node.port] });
    const client = await fleet.connect();
    await answers(client, 'k', /^-ERR ringward: node n0 \S+ asks for a password, and the configuration has none/);
    await fleet.proxy.waitForLog('asks for a password');
  });

  it('because it has too many clients is tried again with pauses, not in a loop', async () => {
    const node = await startNode(['--maxclients', '1']);
    const direct = await startFleet({ ports: [node.port] });
    fleets.push(direct);
    const holder = await direct.connect();
    await answers(holder, 'k', /^\$-1/);
    const fleet = await start({ ports: [node.port] });
    const client = await fleet.connect();
    await answers(client, 'k', /^-ERR ringward: node n0 \S+ refused CLIENT SETNAME: ERR max number of clients reached/);
    for (let i = 0; i < 200; i++) await client.call('GET', 'k');
    expect(fleet.proxy.log().match(/max number of clients/g)).toHaveLength(1);
  });

  it('into a database that it does not have fails only the clients that select it', async () => {
    const node = await startNode(['--databases', '2']);
    const fleet = await start({ ports: [node.port] });
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    expect(await client.call('SELECT', 9)).toBe('+OK\r\n');
    await answers(client, 'k', /refused SELECT 9: ERR DB index is out of range/);
    expect(await other.call('GET', 'k')).toBe('$-1\r\n');
  });
});
