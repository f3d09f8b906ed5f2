/** The servers and the raw client that the other integration tests stand on. */
import { execFileSync } from 'node:child_process';
import { type Server, type Socket, createServer } from 'node:net';
import process from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { startRingward } from '../support/proxy.js';
import { type TestServer, startMemcached, startNutcracker, startRedis } from '../support/servers.js';
import { connectRaw, encodeCommand } from '../support/wire.js';

const running: TestServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function keep<T extends TestServer>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  running.push(server);
  return server;
}

describe('test servers', () => {
  it('nutcracker passes commands on to redis and memcached pools on ports of its own', async () => {
    const redis = await keep(startRedis());
    const memcached = await keep(startMemcached());
    const pool = (name: string, port: number, isRedis: boolean): string =>
      `${name}:\n  listen: 127.0.0.1:0\n  redis: ${isRedis}\n  servers:\n    - 127.0.0.1:${port}:1\n`;
    const config = pool('alpha', redis.port, true) + pool('beta', memcached.port, false);
    const nutcracker = await keep(startNutcracker({ config }));

    const resp = await connectRaw(nutcracker.port);
    expect(await resp.call('SET', 'key', 'value')).toBe('+OK\r\n');
    const direct = await connectRaw(redis.port);
    expect(await direct.call('GET', 'key')).toBe('$5\r\nvalue\r\n');
    const text = await connectRaw(nutcracker.ports['beta']!);
    text.send('set key 0 0 1\r\nv\r\nget key\r\n');
    expect(await text.readLine()).toBe('STORED');
    expect(await text.readUntil('END\r\n')).toBe('VALUE key 0 1\r\nv\r\nEND\r\n');
  });

  it('a taken fixed port is an error, although another server answers there', async () => {
    const redis = await keep(startRedis());
    await expect(startRedis({ port: redis.port })).rejects.toThrow(/exited.*in use/s);
    const memcached = await keep(startMemcached());
    await expect(startMemcached({ port: memcached.port })).rejects.toThrow(/exited.*in use/s);
  });

  it('a killed server closes its connections and comes back on its old port', async () => {
    const redis = await startRedis();
    const client = await connectRaw(redis.port);
    await redis.kill();
    await client.closed;
    expect((await client.readToEnd()).length).toBe(0);
    const again = await keep(startRedis({ port: redis.port }));
    const next = await connectRaw(again.port);
    expect(await next.call('PING')).toBe('+PONG\r\n');
  });

  it('a frozen server answers what was sent meanwhile once it is thawed', async () => {
    const redis = await keep(startRedis());
    const client = await connectRaw(redis.port);
    redis.freeze();
    expect(execFileSync('ps', ['-o', 'state=', '-p', String(redis.pid)], { encoding: 'utf8' })).toMatch(/^T/);
    client.sendCommand('PING');
    redis.thaw();
    expect(String(await client.readReply())).toBe('+PONG\r\n');
  });

  it('a frozen server can be stopped', async () => {
    const redis = await startRedis();
    redis.freeze();
    await redis.stop();
    expect(() => process.kill(redis.pid, 0)).toThrow(/ESRCH/);
  });
});

describe('proxy under test', () => {
  const configFor = (nodePort: number): object => ({
    workers: 0,
    listeners: [
      { name: 'first', bind: '127.0.0.1:0', pool: 'main' },
      { bind: '127.0.0.1:0', pool: 'main' },
    ],
    pools: { main: { nodes: [{ id: 'node-1', host: '127.0.0.1', port: nodePort }] } },
  });

  it('is ready on the port of every listener, logs, and ends with SIGTERM', async () => {
    const redis = await keep(startRedis());
    const proxy = await keep(startRingward(configFor(redis.port)));
    expect(Object.keys(proxy.ports)).toEqual(['first', '127.0.0.1:0']);
    expect(proxy.port).toBe(proxy.ports['first']);
    for (const port of Object.values(proxy.ports)) {
      const client = await connectRaw(port);
      expect(await client.call('SET', 'key', port)).toBe('+OK\r\n');
    }
    await proxy.stop();
    await proxy.waitForLog(/"signal":"SIGTERM".*"stopped"/s);
  });

  it('rejects with the output of a proxy that refuses its config', async () => {
    await expect(startRingward({ ...configFor(1), listenerz: [] })).rejects.toThrow(/exited.*listenerz/s);
  });
});

describe('raw client', () => {
  let listener: Server | undefined;
  afterEach(() => listener?.close());

  /** A server that gives the accepted socket to `serve`. */
  function serveOnce(serve: (socket: Socket) => void): Promise<number> {
    return new Promise((resolve) => {
      const server = createServer(serve);
      listener = server;
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }

  it('splits replies of every RESP3 type, however they are cut', async () => {
    const replies = [
      '+OK\r\n',
      '-ERR no\r\n',
      ':-1\r\n',
      '$0\r\n\r\n',
      '$-1\r\n',
      '*-1\r\n',
      '*0\r\n',
      '*2\r\n*1\r\n:1\r\n$4\r\n\r\n\r\n\r\n',
      '%1\r\n+a\r\n~2\r\n#t\r\n_\r\n',
      '|1\r\n+ttl\r\n:9\r\n,1.5\r\n',
      '>2\r\n+message\r\n=5\r\ntxt:x\r\n',
      '(123\r\n',
      '!3\r\nERR\r\n',
    ];
    const stream = Buffer.from(replies.join(''), 'latin1');
    const port = await serveOnce((socket) => {
      socket.setNoDelay(true);
      const sendFrom = (at: number): void => {
        if (at === stream.length) socket.end();
        else socket.write(stream.subarray(at, at + 1), () => sendFrom(at + 1));
      };
      sendFrom(0);
    });
    const client = await connectRaw(port);
    const found = await client.readReplies(replies.length);
    expect(found.map((reply) => reply.toString('latin1'))).toEqual(replies);
    expect((await client.readToEnd()).length).toBe(0);
  });

  it('says what had come when the peer closes too early, or sends no RESP', async () => {
    const port = await serveOnce((socket) => socket.end('$5\r\nab'));
    const client = await connectRaw(port);
    await expect(client.readReply()).rejects.toThrow(/closed before complete RESP reply; 6 bytes unread: "\$5/);
    listener?.close();
    const other = await connectRaw(await serveOnce((socket) => socket.end('HTTP/1.1 400\r\n')));
    await expect(other.readReply()).rejects.toThrow(/not a RESP value: "HTTP/);
  });

  it('encodes commands as arrays of bulk strings, counted in bytes', () => {
    expect(encodeCommand('SET', 'clé', 1).toString()).toBe('*3\r\n$3\r\nSET\r\n$4\r\nclé\r\n$1\r\n1\r\n');
  });
});
