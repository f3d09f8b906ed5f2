/**
 * Commands that the proxy answers itself: Redis's own texts where Redis would have said the same, and state that belongs
 * to the client's connection although connections to nodes are shared.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, infoField, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { comparable, pipeline } from './commands-replies.js';

let fleet: Fleet;
let plain: TestServer;
const opened: RawClient[] = [];

beforeAll(async () => {
  [plain, fleet] = await Promise.all([startRedis(), startFleet()]);
});
afterEach(() => {
  for (const client of opened.splice(0)) client.destroy();
});
afterAll(async () => {
  await fleet.stop();
  await plain.stop();
});

async function connectPlain(): Promise<RawClient> {
  const client = await connectRaw(plain.port);
  opened.push(client);
  return client;
}

/** Each line of `script` to both; all replies must be the same bytes. `|` parts words, `\` escapes as in JavaScript. */
async function expectSame(script: readonly string[]): Promise<void> {
  const clients = [await connectPlain(), await fleet.connect()];
  const commands = script.map((line) => line.split('|'));
  const [expected, actual] = await Promise.all(clients.map((client) => pipeline(client, commands)));
  commands.forEach((words, i) => {
    expect([words, comparable(words, actual![i]!)]).toEqual([words, comparable(words, expected![i]!)]);
  });
}

describe('a command that the proxy answers itself', () => {
  it.each([
    ['PING', ['PING', 'PING|hello', 'ping|', 'PING|a|b']],
    ['ECHO', ['ECHO|hi', 'ECHO|', 'ECHO', 'ECHO|a|b', 'ECHO|\xff\0\r\n']],
    [
      'SELECT',
      [
        'SELECT|0',
        'SELECT|15',
        'SELECT|16',
        'SELECT|-1',
        'SELECT|x',
        'SELECT|',
        'SELECT',
        'SELECT|01',
        'SELECT|99999999999',
        'SELECT|1|2',
        'SELECT|2147483648',
        'SELECT|9223372036854775807',
        'SELECT|-9223372036854775808',
        'SELECT|9223372036854775808',
      ],
    ],
    ['AUTH', ['AUTH|x', 'AUTH|default|x', 'AUTH|nobody|x', 'AUTH', 'AUTH|a|b|c', 'PING']],
    [
      'HELLO',
      [
        'HELLO',
        'HELLO|2',
        'HELLO|3',
        'HELLO',
        'HELLO|4',
        'HELLO|1',
        'HELLO|x',
        'HELLO|-1',
        'HELLO|9223372036854775807',
        'HELLO|-9223372036854775809',
        'HELLO|3|SETNAME',
        'HELLO|3|FOO',
        'HELLO|3|AUTH|a',
        'HELLO|3|AUTH|default|any',
        'HELLO|3|AUTH|nobody|x',
        'HELLO|3|SETNAME|a b',
        'CLIENT|GETNAME',
        'HELLO|2|SETNAME|me',
        'CLIENT|GETNAME',
        'HELLO|3|AUTH|default|x|SETNAME|you',
        'CLIENT|GETNAME',
        'HELLO|2|setname|you2|auth|default|y',
        'CLIENT|GETNAME',
        'HELLO|2|SETNAME|',
        'CLIENT|GETNAME',
      ],
    ],
    [
      'CLIENT',
      [
        'CLIENT|GETNAME',
        'CLIENT|SETNAME|me',
        'CLIENT|GETNAME',
        'CLIENT|SETNAME|a b',
        'CLIENT|SETNAME|a\nb',
        'CLIENT|SETNAME|\xff',
        'CLIENT|GETNAME',
        'CLIENT|SETNAME|',
        'CLIENT|GETNAME',
        'CLIENT',
        'CLIENT|NOSUCH',
        'CLIENT|ID|x',
        'CLIENT|SETNAME',
        'CLIENT|NO-EVICT|on',
        'CLIENT|NO-EVICT|off',
        'CLIENT|NO-EVICT|x',
        'CLIENT|NO-EVICT',
      ],
    ],
    [
      'CLIENT KILL and LIST',
      [
        'CLIENT|KILL|1.2.3.4:5',
        'CLIENT|KILL|x',
        'CLIENT|KILL|ID|x',
        'CLIENT|KILL|ID|0',
        'CLIENT|KILL|ID|-1',
        'CLIENT|KILL|ID|999999999',
        'CLIENT|KILL|TYPE|x',
        'CLIENT|KILL|TYPE|pubsub',
        'CLIENT|KILL|TYPE|master',
        'CLIENT|KILL|USER|nobody',
        'CLIENT|KILL|ADDR|1.2.3.4:5',
        'CLIENT|KILL|LADDR|1.2.3.4:5',
        'CLIENT|KILL|SKIPME|x|ID|1',
        'CLIENT|KILL|FOO|x',
        'CLIENT|KILL|ID|1|ADDR',
        'CLIENT|KILL',
        'CLIENT|LIST|TYPE|x',
        'CLIENT|LIST|TYPE|pubsub',
        'CLIENT|LIST|ID|x',
        'CLIENT|LIST|ID',
        'CLIENT|LIST|FOO',
        'CLIENT|LIST|ID|999999',
        'CLIENT|LIST|TYPE',
      ],
    ],
    ['TIME', ['TIME', 'TIME|x']],
    ['RESET', ['HELLO|3', 'CLIENT|SETNAME|x', 'SELECT|3', 'RESET', 'CLIENT|GETNAME', 'HELLO', 'RESET|x']],
    [
      'COMMAND',
      [
        'COMMAND|GETKEYS|MSET|a|1|b|2',
        'COMMAND|GETKEYS|PING|x',
        'COMMAND|GETKEYS|NOSUCH|x',
        'COMMAND|GETKEYSANDFLAGS|SET|k|v',
        'COMMAND|NOSUCH',
        'COMMAND|INFO|nosuch',
        'COMMAND|COUNT|x',
        'COMMAND|INFO|get',
        'COMMAND|DOCS|nosuch',
      ],
    ],
    [
      'the wrong number of arguments',
      ['GET', 'SET|k', 'GET|a|b', 'INCRBY|k', 'MGET', 'OBJECT', 'OBJECT|ENCODING', 'nosuch|a'],
    ],
  ])('answers as redis-server does: %s', async (_name, script) => {
    await expectSame(script);
  });

  it('CLIENT REPLY OFF, SKIP and ON drop the same replies as redis-server does', async () => {
    const script = [
      'CLIENT|REPLY|SKIP', 'GET|a', 'ECHO|1', // the next reply only
      'CLIENT|REPLY|SKIP', 'NOSUCH', 'ECHO|2', // an error counts as one
      'CLIENT|REPLY|SKIP', 'GET', 'ECHO|3',
      'CLIENT|REPLY|SKIP', 'MGET|a|b|c|d|e', 'ECHO|4',
      'CLIENT|REPLY|SKIP', 'CLIENT|LIST', 'ECHO|5',
      'CLIENT|REPLY|SKIP', 'CLIENT|REPLY|SKIP', 'ECHO|not shown', 'ECHO|6',
      'CLIENT|REPLY|SKIP', 'CLIENT|REPLY|x', 'ECHO|7',
      'CLIENT|REPLY|OFF', 'ECHO|no', 'GET|a', 'MGET|a|b|c|d|e', 'NOSUCH', 'SET|r|1', 'CLIENT|REPLY|SKIP', 'INFO', 'DEL|r|q|s',
      'CLIENT|REPLY|ON', 'ECHO|8',
      'CLIENT|REPLY|OFF', 'RESET', 'ECHO|9', 'QUIT',
    ]; // prettier-ignore
    const answers = await Promise.all(
      [await connectPlain(), await fleet.connect()].map(async (client) => {
        for (const line of script) client.sendCommand(...line.split('|'));
        return (await client.readToEnd()).toString();
      }),
    );
    expect(answers[1]).toBe(answers[0]);
  });

  it('QUIT answers after everything before it, and closes', async () => {
    const client = await fleet.connect();
    for (let i = 0; i < 100; i++) client.sendCommand('INCR', `quit${i % 7}`);
    client.sendCommand('QUIT');
    client.sendCommand('PING');
    const replies = (await client.readToEnd()).toString();
    expect(replies.match(/:\d+\r\n/g)).toHaveLength(100);
    expect(replies.endsWith('+OK\r\n')).toBe(true);
  });

  it('a client that closes its sending side still gets every reply', async () => {
    const client = await fleet.connect();
    for (let i = 0; i < 1000; i++) client.sendCommand('ECHO', i);
    for (let i = 0; i < 1000; i++) client.sendCommand('GET', `half${i}`);
    client.end();
    const replies = (await client.readToEnd()).toString();
    expect(replies.match(/\$-1\r\n/g)).toHaveLength(1000);
  });
});

describe('databases', () => {
  it('SELECT makes data land in that database of the key’s node', async () => {
    const client = await fleet.connect();
    for (const db of [0, 1, 15]) {
      expect(await client.call('SELECT', db)).toBe('+OK\r\n');
      expect(await client.call('MSET', 'dbkey', db, 'dbkey2', db, 'dbkey3', db)).toBe('+OK\r\n');
    }
    const direct = await fleet.connectNode(fleet.nodeOf('dbkey'));
    for (const db of [0, 1, 15]) {
      await direct.call('SELECT', db);
      expect(await direct.call('GET', 'dbkey')).toBe(`$${String(db).length}\r\n${db}\r\n`);
    }
    await client.call('SELECT', 2);
    expect(await client.call('EXISTS', 'dbkey', 'dbkey2', 'dbkey3')).toBe(':0\r\n');
  });

  it('each client has its own, and a new one begins in 0', async () => {
    const [one, other] = [await fleet.connect(), await fleet.connect()];
    await one.call('SELECT', 5);
    await one.call('SET', 'mine', 'five');
    expect(await other.call('GET', 'mine')).toBe('$-1\r\n');
    await other.call('SET', 'mine', 'zero');
    expect(await one.call('GET', 'mine')).toBe('$4\r\nfive\r\n');
    expect(await one.call('RESET')).toBe('+RESET\r\n');
    expect(await one.call('GET', 'mine')).toBe('$4\r\nzero\r\n');
  });

  it('a pipeline that goes from database to database and version to version sees its own writes', async () => {
    const client = await fleet.connect();
    const commands: string[][] = [];
    for (let i = 0; i < 400; i++) {
      commands.push(['SET', 'hop', String(i)], [...(i % 2 === 0 ? ['HELLO', String(2 + ((i >> 1) % 2))] : ['RESET'])]);
      commands.push(
        ['SELECT', '0'],
        ['GET', 'hop'],
        ['COPY', 'hop', 'hop', 'DB', '3', 'REPLACE'],
        ['SELECT', '3'],
        ['GET', 'hop'],
        ['SELECT', '0'],
      );
    }
    const replies = await pipeline(client, commands);
    for (let i = 0; i < 400; i++) {
      const value = `$${String(i).length}\r\n${i}\r\n`;
      expect([i, replies[i * 8 + 3], replies[i * 8 + 6]]).toEqual([i, value, value]);
    }
  });
});

describe('clients as the proxy knows them', () => {
  it('CLIENT ID grows and CLIENT INFO and LIST describe the client', async () => {
    const [one, other] = [await fleet.connect(), await fleet.connect()];
    const id = Number((await one.call('CLIENT', 'ID')).slice(1));
    expect(Number((await other.call('CLIENT', 'ID')).slice(1))).toBeGreaterThan(id);
    await one.call('HELLO', 3, 'SETNAME', 'worker-7');
    await one.call('SELECT', 4);
    await one.call('CLIENT', 'SETINFO', 'LIB-NAME', 'mylib');
    await one.call('CLIENT', 'SETINFO', 'lib-ver', '1.2');
    const { localAddress, localPort } = one.socket;
    const info = await one.call('CLIENT', 'INFO');
    const line = (await other.call('CLIENT', 'LIST')).split('\n').find((text) => text.startsWith(`id=${id} `))!;
    for (const text of [info, line]) {
      for (const part of [
        `id=${id} `, `addr=${localAddress}:${localPort} `, `laddr=127.0.0.1:${fleet.proxy.port} `, ' name=worker-7 ',
        ' db=4 ', ' resp=3 ', ' lib-name=mylib ', ' lib-ver=1.2 ', ' listener=redis',
      ]) expect(text).toContain(part); // prettier-ignore
    }
    expect(info).toContain(' cmd=client|info ');
    expect(await other.call('CLIENT', 'LIST', 'ID', id)).toContain('name=worker-7');
    expect(await other.call('CLIENT', 'LIST', 'ID', id)).not.toContain(
      `laddr=127.0.0.1:${fleet.proxy.port} fd=0 name= `,
    );
  });

  it.each([
    ['ID', (_client: RawClient, id: number) => ['ID', String(id)], ':1\r\n'],
    ['ADDR', (client: RawClient) => ['ADDR', `127.0.0.1:${client.socket.localPort}`], ':1\r\n'],
    ['its address alone', (client: RawClient) => [`127.0.0.1:${client.socket.localPort}`], '+OK\r\n'],
    ['ID and TYPE', (_client: RawClient, id: number) => ['TYPE', 'normal', 'ID', String(id)], ':1\r\n'],
    [
      'ID, USER and LADDR',
      (_client: RawClient, id: number) => [
        'ID',
        String(id),
        'USER',
        'default',
        'LADDR',
        `127.0.0.1:${fleet.proxy.port}`,
      ],
      ':1\r\n',
    ],
  ])('CLIENT KILL by %s closes that client and no other', async (_name, words, reply) => {
    const [killer, victim, bystander] = [await fleet.connect(), await fleet.connect(), await fleet.connect()];
    const id = Number((await victim.call('CLIENT', 'ID')).slice(1));
    expect(await killer.call('CLIENT', 'KILL', ...words(victim, id))).toBe(reply);
    await victim.closed;
    expect(await bystander.call('PING')).toBe('+PONG\r\n');
    expect(await killer.call('CLIENT', 'KILL', 'ID', id)).toBe(':0\r\n');
  });

  it('CLIENT KILL spares the caller unless SKIPME is no, and then answers first', async () => {
    const own = await startFleet({ nodes: 1 });
    try {
      const [killer, victim] = [await own.connect(), await own.connect()];
      await victim.call('PING');
      expect(await killer.call('CLIENT', 'KILL', 'TYPE', 'normal')).toBe(':1\r\n');
      await victim.closed;
      expect(await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')).toBe(':0\r\n');
      expect(await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no')).toBe(':1\r\n');
      await killer.closed;
    } finally {
      await own.stop();
    }
  });

  it('SETINFO refuses what Redis 7.2 refuses', async () => {
    const client = await fleet.connect();
    expect(await client.call('CLIENT', 'SETINFO', 'LIB-NAME', 'a b')).toBe(
      '-ERR lib-name cannot contain spaces, newlines or special characters.\r\n',
    );
    expect(await client.call('CLIENT', 'SETINFO', 'FOO', 'x')).toBe("-ERR Unrecognized option 'FOO'\r\n");
    expect(await client.call('CLIENT', 'NO-TOUCH', 'on')).toBe('+OK\r\n');
    expect(await client.call('CLIENT', 'NO-TOUCH', 'x')).toBe('-ERR syntax error\r\n');
  });
});

describe('INFO', () => {
  it('has the sections that are asked for', async () => {
    const client = await fleet.connect();
    const titles = (reply: string): string[] => reply.match(/^# \w+/gm) ?? [];
    expect(titles(await client.call('INFO'))).toEqual(
      ['Server', 'Clients', 'Memory', 'Stats', 'Replication', 'CPU', 'Cluster', 'Nodes'].map((name) => `# ${name}`),
    );
    expect(titles(await client.call('INFO', 'everything'))).toHaveLength(8);
    expect(titles(await client.call('INFO', 'Server', 'NODES', 'nosuch'))).toEqual(['# Server', '# Nodes']);
    expect(await client.call('INFO', 'nosuch')).toBe('$0\r\n\r\n');
  });

  it('counts commands, clients, bytes and what each node was asked', async () => {
    const client = await fleet.connect();
    const name = fleet.keysOf(1, 1, 'info')[0]!;
    const before = await client.call('INFO');
    const value = 'v'.repeat(10_000);
    await client.call('SET', name, value);
    await client.call('GET', name);
    const after = await client.call('INFO');
    const grown = (field: string): number => Number(infoField(after, field)) - Number(infoField(before, field));
    expect(grown('total_commands_processed')).toBe(3);
    expect(grown('total_net_input_bytes')).toBeGreaterThan(10_000);
    expect(grown('total_net_output_bytes')).toBeGreaterThan(10_000);
    expect(grown('upstream_net_input_bytes')).toBeGreaterThan(10_000);
    expect(grown('upstream_net_output_bytes')).toBeGreaterThan(10_000);
    const node = (reply: string): number => Number(/,requests=(\d+)/.exec(infoField(reply, 'node1'))![1]);
    expect(node(after) - node(before)).toBe(2);
    expect(infoField(after, 'node1')).toMatch(
      new RegExp(`^pool=main,id=n1,address=127.0.0.1:${fleet.nodes[1]!.port},state=up,in_flight=0,`),
    );
    const other = await fleet.connect();
    await other.call('PING');
    const clients = Number(await fleet.info('connected_clients'));
    other.destroy();
    await eventually(
      'one client less',
      () => fleet.info('connected_clients'),
      (count) => Number(count) === clients - 1,
    );
  });
});
