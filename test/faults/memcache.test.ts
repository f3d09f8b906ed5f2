/**
 * memcached nodes that die, freeze or lie, and clients that leave in the middle: errors that say so, misses where the pool
 * wants misses, and never another client's reply.
 */
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type McFleet, type McFleetOptions, exchange, startMcFleet } from '../support/mc-fleet.js';
import { eventually } from '../support/eventually.js';
import { startMemcached } from '../support/servers.js';

const fleets: McFleet[] = [];

async function start(options: McFleetOptions = {}): Promise<McFleet> {
  const fleet = await startMcFleet(options);
  fleets.push(fleet);
  return fleet;
}

afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

const set = (key: string, value: string): string => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`;
const item = (key: string, value: string): string => `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;

/** One key of each of three nodes, stored with itself as value. */
async function storedKeys(fleet: McFleet): Promise<readonly [string, string, string]> {
  const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!) as [string, string, string];
  await exchange(fleet.proxy.port, keys.map((key) => set(key, key)).join(''));
  return keys;
}

describe('a node that was killed', () => {
  it('makes a get of its key an error that names it, and its share of a larger get a miss', async () => {
    const fleet = await start();
    const [a, b, c] = await storedKeys(fleet);
    await fleet.nodes[1]!.kill();
    const ask = (): Promise<string> => exchange(fleet.proxy.port, `get ${b}\r\nget ${a} ${b} ${c}\r\nget ${a}\r\n`);
    const answer = await eventually('the node is refused', ask, (text) => text.includes('refused'));
    expect(answer).toMatch(
      /^SERVER_ERROR ringward: node n1 \(127\.0\.0\.1:\d+\) refused the connection \(ECONNREFUSED\)\r\n/,
    );
    expect(answer.slice(answer.indexOf('\n') + 1)).toBe(`${item(a, a)}${item(c, c)}END\r\n${item(a, a)}END\r\n`);
    expect(await exchange(fleet.proxy.port, 'stats\r\n')).toMatch(/ringward_parts_missed [1-9]/);
  });

  it('makes a get over several nodes an error where the pool says so', async () => {
    const fleet = await start({ pool: { on_partial_failure: 'error' } });
    const [a, b, c] = await storedKeys(fleet);
    await fleet.nodes[1]!.kill();
    const ask = (): Promise<string> => exchange(fleet.proxy.port, `get ${a} ${b} ${c}\r\nget ${a} ${c}\r\n`);
    const answer = await eventually('the node is refused', ask, (text) => text.includes('refused'));
    expect(answer.slice(answer.indexOf('\n') + 1)).toBe(`${item(a, a)}${item(c, c)}END\r\n`);
    expect(answer).toMatch(/^SERVER_ERROR ringward: node n1 /);
  });

  it('makes flush_all an error that names it, though the others are flushed', async () => {
    const fleet = await start();
    const [a, , c] = await storedKeys(fleet);
    await fleet.nodes[1]!.kill();
    const ask = (): Promise<string> => exchange(fleet.proxy.port, 'flush_all\r\n');
    const answer = await eventually('the node is refused', ask, (text) => text.includes('refused'));
    expect(answer).toMatch(/^SERVER_ERROR ringward: node n1 .* refused .*; the other nodes have been asked too\r\n$/);
    expect(await exchange(fleet.proxy.port, `get ${a} ${c}\r\n`)).toBe('END\r\n');
  });

  it('leaves noreply and quiet requests of other nodes in step, and answers again when it is back', async () => {
    const fleet = await start();
    const [a, b, c] = await storedKeys(fleet);
    const { port } = fleet.nodes[1]!;
    await fleet.nodes[1]!.kill();
    const mixed = [a, b, c]
      .map((key) => `set ${key} 0 0 1 noreply\r\n5\r\nmg ${key} v q\r\nmg ${key}x v q\r\n`)
      .join('');
    const ask = (): Promise<string> => exchange(fleet.proxy.port, `${mixed}get ${a}\r\nmn\r\n`);
    const answer = await eventually('the node is refused', ask, (text) => text.includes('refused'));
    const lines = answer.split('\r\n').filter((line) => !line.startsWith('SERVER_ERROR ringward: node n1 '));
    expect(lines.join('|')).toBe(`VA 1|5|VA 1|5|VALUE ${a} 0 1|5|END|MN|`);
    fleet.nodes[1] = await startMemcached({ port });
    const again = (): Promise<string> => exchange(fleet.proxy.port, `${set(b, 'new')}get ${b}\r\n`);
    await eventually('the node is used again', again, (text) => text === `STORED\r\n${item(b, 'new')}END\r\n`);
  });
});

describe('a node that is frozen', () => {
  it('costs its own requests the timeout, says that the outcome of a write is unknown, and spares the others', async () => {
    const fleet = await start({ pool: { timeouts: { request: '300ms' } } });
    const [a, b, c] = await storedKeys(fleet);
    fleet.nodes[1]!.freeze();
    const [slow, fast] = await Promise.all([
      exchange(fleet.proxy.port, `${set(b, '2')}get ${a} ${b} ${c}\r\nget ${c}\r\n`),
      exchange(fleet.proxy.port, `get ${a} ${c}\r\n`),
    ]);
    fleet.nodes[1]!.thaw();
    expect(slow).toMatch(
      /^SERVER_ERROR ringward: node n1 .* did not answer within 300 ms; the outcome of this write is unknown\r\n/,
    );
    expect(slow.slice(slow.indexOf('\n') + 1)).toBe(`${item(a, a)}${item(c, c)}END\r\n${item(c, c)}END\r\n`);
    expect(fast).toBe(`${item(a, a)}${item(c, c)}END\r\n`);
  });

  it('under load does not shift a reply', async () => {
    const fleet = await start({ pool: { timeouts: { request: '200ms' } } });
    const keys = Array.from({ length: 60 }, (_, i) => `load${i}`);
    await exchange(fleet.proxy.port, keys.map((key) => set(key, key)).join(''));
    const clients = Array.from({ length: 10 }, async () => {
      for (let round = 0; round < 20; round++) {
        const answer = await exchange(fleet.proxy.port, keys.map((key) => `get ${key}\r\n`).join(''));
        const replies = answer.match(/VALUE \S+ 0 \d+\r\n\S+\r\nEND\r\n|SERVER_ERROR [^\r]*\r\n/g) ?? [];
        expect(replies).toHaveLength(keys.length);
        replies.forEach((reply, i) => {
          if (reply.startsWith('SERVER_ERROR')) expect(reply).toContain('node n2 ');
          else expect(reply).toBe(`${item(keys[i]!, keys[i]!)}END\r\n`);
        });
        if (round === 5) fleet.nodes[2]!.freeze();
        if (round === 10) fleet.nodes[2]!.thaw();
      }
    });
    await Promise.all(clients);
  });
});

describe('a node that answers what was not asked', () => {
  const liar = async (reply: (request: string) => string): Promise<{ port: number; close: () => void }> => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const request = bytes.toString('latin1');
        socket.write(request === 'version\r\n' ? 'VERSION 1.6.18\r\n' : reply(request));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      port: (server.address() as net.AddressInfo).port,
      close: () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      },
    };
  };

  it.each([
    ['a reply of another kind', () => 'DELETED\r\n', 'get k\r\n', 'sent what is no reply'],
    ['a value longer than its length', () => 'VALUE k 0 1\r\nabc\r\nEND\r\n', 'get k\r\n', 'sent what is no reply'],
  ])('loses its connection: %s', async (_name, reply, request, text) => {
    const node = await liar(reply);
    const fleet = await start({ ports: [node.port] });
    expect(await exchange(fleet.proxy.port, request)).toContain(text);
    node.close();
  });

  it('loses its connection when it answers a get with a key of another node', async () => {
    const node = await liar(() => 'VALUE stranger 0 1\r\nx\r\nEND\r\n');
    const real = await startMemcached();
    const fleet = await start({ ports: [node.port, real.port] });
    const keys = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    expect(await exchange(fleet.proxy.port, `get ${keys.join(' ')}\r\n`)).toBe(
      'SERVER_ERROR ringward: a node answered with a key that it was not asked for\r\n',
    );
    await fleet.proxy.waitForLog('answered with a key that it was not asked for');
    node.close();
    await real.stop();
  });

  it('passes on an error that it gives in the place of END, unless other nodes have answered', async () => {
    const node = await liar((request) => (request.startsWith('get') ? 'SERVER_ERROR out of memory\r\n' : 'MN\r\n'));
    const real = await startMemcached();
    const fleet = await start({ ports: [node.port, real.port] });
    const keys = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!] as const;
    const requests = `get ${keys[0]}\r\n${set(keys[1], '1')}get ${keys.join(' ')}\r\n`;
    expect(await exchange(fleet.proxy.port, requests)).toBe(
      `SERVER_ERROR out of memory\r\nSTORED\r\n${item(keys[1], '1')}END\r\n`,
    );
    node.close();
    await real.stop();
  });
});

describe('clients that leave in the middle', () => {
  it('10 000 tagged requests of 50 clients with random kills: nobody gets a reply of somebody else', async () => {
    const fleet = await start();
    const CLIENTS = 50;
    const REQUESTS = 200;
    let seed = 7;
    // Park and Miller's generator: the high part is used, so that small ranges are drawn evenly.
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return Math.floor((seed / 2_147_483_647) * below);
    };
    let answered = 0;
    const run = (id: number): Promise<void> =>
      new Promise((resolve, reject) => {
        let round = 0;
        let sent = 0;
        const connect = (): void => {
          const socket = net.connect(fleet.proxy.port, '127.0.0.1');
          let expected = '';
          let received = '';
          const send = (): void => {
            if (sent >= REQUESTS) {
              socket.end();
              resolve();
              return;
            }
            const count = 1 + random(20);
            const tags = Array.from({ length: count }, (_, i) => `c${id}r${round}n${i}`);
            round++;
            sent += count;
            const value = (tag: string): string => `${tag}:${'x'.repeat(id * 7)}`;
            const stored = tags.map((tag) => `set ${tag} 0 0 ${value(tag).length} noreply\r\n${value(tag)}\r\n`);
            const all = `get ${tags.join(' ')} none${id}\r\n`;
            const one = tags.map((tag) => `mg ${tag} v q k\r\nmg no${tag} q\r\n`);
            socket.write(`${stored.join('')}${all}${one.join('')}mn\r\n`);
            if (random(4) === 0) {
              // Leaves while the replies are on their way.
              if (random(2) === 0) socket.destroy();
              else setImmediate(() => socket.destroy());
              connect();
              return;
            }
            received = '';
            expected =
              `${tags.map((tag) => item(tag, value(tag))).join('')}END\r\n` +
              `${tags.map((tag) => `VA ${value(tag).length} k${tag}\r\n${value(tag)}\r\n`).join('')}MN\r\n`;
          };
          socket.on('error', () => undefined);
          socket.once('connect', send);
          socket.on('data', (bytes) => {
            received += bytes.toString('latin1');
            if (expected.startsWith(received)) {
              if (received.length < expected.length) return;
              answered++;
              send();
            } else if (!socket.destroyed) {
              reject(new Error(`client ${id} got ${received.slice(0, 300)} and not ${expected.slice(0, 300)}`));
            }
          });
        };
        connect();
      });
    await Promise.all(Array.from({ length: CLIENTS }, (_, id) => run(id)));
    expect(answered).toBeGreaterThan(10 * CLIENTS);
  });
});
