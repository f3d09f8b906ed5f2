/** SIGHUP: the file is read again and taken over without closing a client; a file that cannot be used changes nothing. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type RingwardServer, startRingward } from '../support/proxy.js';
import { startMemcached, startRedis, type TestServer } from '../support/servers.js';
import { connectRaw, type RawClient } from '../support/wire.js';

const running: { kill(): Promise<void> }[] = [];
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(running.splice(0).map((server) => server.kill()));
});

async function startNodes(count: number): Promise<TestServer[]> {
  const nodes: TestServer[] = [];
  for (let i = 0; i < count; i++) nodes.push(await startRedis());
  running.push(...nodes);
  return nodes;
}

async function startProxy(config: object): Promise<RingwardServer> {
  const proxy = await startRingward(config);
  running.push(proxy);
  return proxy;
}

async function connect(port: number): Promise<RawClient> {
  const client = await connectRaw(port);
  clients.push(client);
  return client;
}

interface Shape {
  readonly workers: number;
  readonly nodes: readonly { readonly id: string; readonly port: number; readonly weight?: number }[];
  readonly more?: object;
}

function configOf({ workers, nodes, more = {} }: Shape): object {
  return {
    workers,
    listeners: [{ name: 'redis', bind: '127.0.0.1:0', pool: 'main' }],
    pools: { main: { nodes: nodes.map((node) => ({ host: '127.0.0.1', ...node })) } },
    log: { format: 'json' },
    ...more,
  };
}

/** Writes the file, signals, and waits for the verdict. Port 0 asks for the address that is open already. */
async function reload(
  proxy: RingwardServer,
  config: object | string,
  verdict = '"configuration reloaded"',
): Promise<void> {
  const seen = proxy.log().split(verdict).length;
  proxy.writeConfig(config);
  proxy.signal('SIGHUP');
  await proxy.waitForLog((log) => log.split(verdict).length > seen, 10_000);
}

const keysIn = async (node: TestServer): Promise<number> =>
  Number((await (await connect(node.port)).call('DBSIZE')).slice(1));

describe.each([0, 2])('with workers: %i', (workers) => {
  it('a node is added, its weight changed and another removed under load: no client is closed, no request fails', async () => {
    const nodes = await startNodes(3);
    const all = nodes.map(({ port }, i) => ({ id: `n${i}`, port }));
    const proxy = await startProxy(configOf({ workers, nodes: all.slice(0, 2) }));
    const { port } = proxy;
    const busy = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    let isOver = false;
    let wrong = 0;
    let asked = 0;
    const load = busy.map(async (client, who) => {
      for (let i = 0; !isOver; i++) {
        const key = `busy:${who}:${i % 100}`;
        const [set, get] = [client.call('SET', key, `v${i}`), client.call('GET', key)];
        asked++;
        if ((await set) !== '+OK\r\n' || !(await get).startsWith('$')) wrong++;
      }
    });
    await reload(proxy, configOf({ workers, nodes: all }));
    await reload(
      proxy,
      configOf({ workers, nodes: all.map((node) => ({ ...node, weight: node.id === 'n2' ? 3 : 1 })) }),
    );
    await eventually('keys on the new node', async () => (await keysIn(nodes[2]!)) > 100);
    await reload(proxy, configOf({ workers, nodes: all.slice(1) }));
    const before = await (await connect(nodes[0]!.port)).call('INFO', 'commandstats');
    const now = asked;
    await eventually('two hundred more requests', () => asked > now + 200);
    const after = await (await connect(nodes[0]!.port)).call('INFO', 'commandstats');
    const sets = (text: string): string | undefined => /cmdstat_set:calls=(\d+)/.exec(text)?.[1];
    expect(sets(after)).toBe(sets(before));
    isOver = true;
    await Promise.all(load);
    expect({ wrong, left: busy.filter((client) => client.socket.destroyed).length }).toEqual({ wrong: 0, left: 0 });
    // The removed node's connections are closed.
    const direct = await connect(nodes[0]!.port);
    await eventually(
      'no connection of the proxy',
      async () => !(await direct.call('CLIENT', 'LIST')).includes('name=ringward'),
    );
    expect(proxy.log()).toContain('pools.main.nodes.n2.weight: 1 -> 3');
  });

  it('a file that cannot be used is one line with its path and line, and the old configuration stays', async () => {
    const [node] = await startNodes(1);
    const good = { workers, nodes: [{ id: 'n0', port: node!.port }] };
    const proxy = await startProxy(configOf(good));
    const client = await connect(proxy.port);
    for (const bad of [
      JSON.stringify(configOf({ ...good, more: { limitz: {} } }), null, 1),
      'pools: [',
      JSON.stringify(configOf({ ...good, nodes: [] })),
    ]) {
      await reload(proxy, bad, 'the old one stays');
      expect(await client.call('PING')).toBe('+PONG\r\n');
    }
    expect(proxy.log()).toMatch(/ringward\.yml:\d+:\d+: limitz: unknown key; did you mean \\"limits\\"/);
  });

  it('an address that is taken changes nothing', async () => {
    const [node] = await startNodes(1);
    const nodes = [{ id: 'n0', port: node!.port }];
    const proxy = await startProxy(configOf({ workers, nodes }));
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await reload(
      proxy,
      {
        ...configOf({ workers, nodes }),
        listeners: [
          { name: 'new', bind: '127.0.0.1:0', pool: 'main' },
          { name: 'taken', bind: `127.0.0.1:${port}`, pool: 'main' },
        ],
      },
      'the old one stays',
    );
    taken.close();
    expect(proxy.log()).toContain('the address is already in use');
    expect(await (await connect(proxy.port)).call('PING')).toBe('+PONG\r\n');
  });

  it('listeners and pools come and go; what takes a restart is said by name', async () => {
    const nodes = await startNodes(2);
    const memcached = await startMemcached();
    running.push(memcached);
    const one = { id: 'n0', port: nodes[0]!.port };
    const proxy = await startProxy(configOf({ workers, nodes: [one] }));
    const old = await connect(proxy.port);
    expect(await old.call('SET', 'k', 'v')).toBe('+OK\r\n');
    const next = {
      ...configOf({ workers: workers + 1, nodes: [one] }),
      listeners: [
        { name: 'second', bind: '127.0.0.1:0', pool: 'other', password: 'hush' },
        { name: 'mc', bind: '127.0.0.1:0', pool: 'mc' },
      ],
      pools: {
        other: { nodes: [{ id: 'n1', host: '127.0.0.1', port: nodes[1]!.port }] },
        mc: { protocol: 'memcached', nodes: [{ host: '127.0.0.1', port: memcached.port }] },
      },
    };
    await reload(proxy, next);
    expect(proxy.log()).toMatch(/"fields":\["workers"\].*these changes take a restart/);
    const addressOf = (name: string): number =>
      Number(new RegExp(`"listener":"${name}"[^\n]*"address":"127.0.0.1:(\\d+)"`).exec(proxy.log())![1]);
    const second = await connect(addressOf('second'));
    expect(await second.call('GET', 'k')).toBe('-NOAUTH Authentication required.\r\n');
    expect(await second.call('AUTH', 'hush')).toBe('+OK\r\n');
    expect(await second.call('GET', 'k')).toBe('$-1\r\n');
    const mc = await connect(addressOf('mc'));
    mc.send('set a 0 0 1\r\n1\r\n');
    expect(await mc.readLine()).toBe('STORED');
    // The listener of the old client is gone, and it with it.
    await eventually('the old client is closed', () => old.socket.destroyed);
    await expect(connectRaw(proxy.port)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('a client that waits in BLPOP goes on waiting, and can be unblocked', async () => {
    const nodes = await startNodes(2);
    const [n0, n1] = nodes.map(({ port }, i) => ({ id: `n${i}`, port }));
    const proxy = await startProxy(configOf({ workers, nodes: [n0!] }));
    const [client, other] = [await connect(proxy.port), await connect(proxy.port)];
    const direct = await connect(nodes[0]!.port);
    const waits = async (): Promise<boolean> => (await direct.call('CLIENT', 'LIST')).includes('cmd=blpop');
    const id = (await client.call('CLIENT', 'ID')).slice(1, -2);
    client.sendCommand('BLPOP', 'q', '0');
    await eventually('the wait at the node', waits);
    // Its node is another one in the list now.
    await reload(proxy, configOf({ workers, nodes: [n1!, n0!] }));
    expect(await other.call('CLIENT', 'UNBLOCK', id)).toBe(':1\r\n');
    expect((await client.readReply()).toString()).toBe('*-1\r\n');
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });

  it('a node behind the same id gets the requests at its new address', async () => {
    const nodes = await startNodes(2);
    const proxy = await startProxy(configOf({ workers, nodes: [{ id: 'n0', port: nodes[0]!.port }] }));
    const client = await connect(proxy.port);
    await client.call('SET', 'k', 'old');
    await reload(proxy, configOf({ workers, nodes: [{ id: 'n0', port: nodes[1]!.port }] }));
    expect(await client.call('GET', 'k')).toBe('$-1\r\n');
    expect(await client.call('SELECT', '3')).toBe('+OK\r\n');
    expect(await client.call('SET', 'k', 'new')).toBe('+OK\r\n');
    expect(await (await connect(nodes[1]!.port)).call('DBSIZE')).toBe(':0\r\n');
  });
});
