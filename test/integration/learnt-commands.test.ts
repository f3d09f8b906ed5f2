/**
 * Commands that the table lacks: asked of the nodes, served by what they say, refused as redis-server refuses when they do
 * not know them either, and never a way to flood the nodes.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { answerHandshake, type FakeNode, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { startRedis, type TestServer } from '../support/servers.js';
import { connectRaw } from '../support/wire.js';

const fleets: Fleet[] = [];
const fakes: FakeNode[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
  await Promise.all([...fakes.splice(0).map((fake) => fake.stop()), ...servers.splice(0).map((one) => one.kill())]);
});

async function start(options: FleetOptions): Promise<Fleet> {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

const RENAMED = ['get fetchit', 'set putit', 'mget fetchmany', 'scan walkit', 'config cfg', 'rename moveit'].flatMap(
  (pair) => ['--rename-command', ...pair.split(' ')],
);

describe('a command that nodes have under another name', () => {
  it.each([2, 3])('is served as what it is, in RESP%i', async (version) => {
    const fleet = await start({ nodeArgs: RENAMED });
    const client = await fleet.connect();
    await client.call('HELLO', version);
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    for (const key of keys) expect(await client.call('PutIt', key, `v-${key}`)).toBe('+OK\r\n');
    for (const key of keys) expect(await client.call('FETCHIT', key)).toBe(`$${key.length + 2}\r\nv-${key}\r\n`);
    expect(await client.call('fetchmany', ...keys)).toBe(
      `*3\r\n${keys.map((key) => `$${key.length + 2}\r\nv-${key}\r\n`).join('')}`,
    );
    expect(await client.call('moveit', keys[0]!, keys[1]!)).toMatch(/^-CROSSSLOT /);
    expect(await client.call('walkit', 0)).toBe(`*2\r\n$1\r\n1\r\n*1\r\n$${keys[0]!.length}\r\n${keys[0]}\r\n`);
    expect(await client.call('cfg', 'get', 'maxmemory')).toContain('$9\r\nmaxmemory\r\n$1\r\n0\r\n');
    expect(await client.call('fetchit')).toBe("-ERR wrong number of arguments for 'get' command\r\n");
  });

  it('waits in its place in a pipeline, and other clients do not wait', async () => {
    const fleet = await start({ nodeArgs: RENAMED });
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    const key = fleet.keysOf(2, 1)[0]!;
    fleet.nodes[0]!.freeze();
    client.sendCommand('ECHO', 'first');
    client.sendCommand('PUTIT', key, 'v');
    client.sendCommand('FETCHIT', key);
    client.sendCommand('ECHO', 'last');
    expect(await other.call('STRLEN', key)).toBe(':0\r\n');
    fleet.nodes[0]!.thaw();
    expect((await client.readReplies(4)).map(String)).toEqual([
      '$5\r\nfirst\r\n',
      '+OK\r\n',
      '$1\r\nv\r\n',
      '$4\r\nlast\r\n',
    ]);
  });

  it('is silent under CLIENT REPLY OFF and SKIP', async () => {
    const fleet = await start({ nodeArgs: RENAMED });
    const client = await fleet.connect();
    client.sendCommand('CLIENT', 'REPLY', 'SKIP');
    client.sendCommand('PUTIT', 'k', 'v');
    client.sendCommand('FETCHIT', 'k');
    expect(String(await client.readReply())).toBe('$1\r\nv\r\n');
    client.sendCommand('CLIENT', 'REPLY', 'SKIP');
    client.sendCommand('nosuch', 'k', 'v');
    expect(await client.call('FETCHIT', 'k')).toBe('$1\r\nv\r\n');
  });
});

describe('a name that no node knows', () => {
  it('gets the error of redis-server, byte for byte, and is asked about once', async () => {
    const plain = await startRedis();
    servers.push(plain);
    const fleet = await start({});
    const [theirs, ours] = [await connectRaw(plain.port), await fleet.connect()];
    const requests = [
      ['nosuch'],
      ['NoSuch', 'a', 'b'],
      ['config|get', 'x'],
      ['', 'x'],
      ['x'.repeat(300), 'y'],
      ['a\r\nb', '\xff'],
    ];
    for (let round = 0; round < 3; round++) {
      for (const words of requests) {
        const args = words.map((word) => Buffer.from(word, 'latin1'));
        expect(await ours.call(...args)).toBe(await theirs.call(...args));
      }
    }
    expect(await fleet.info('commands_looked_up')).toBe('2');
    theirs.destroy();
  });

  it('is not asked about for a client that has not logged in', async () => {
    const fleet = await start({ listener: { password: 'secret' }, nodes: 1 });
    const client = await fleet.connect();
    expect(await client.call('nosuch')).toMatch(/^-ERR unknown command 'nosuch'/);
    await client.call('AUTH', 'secret');
    expect(/commands_looked_up:(\d+)/.exec(await client.call('INFO'))?.[1]).toBe('0');
  });

  it('does not become load on the nodes when a client sends thousands of them', async () => {
    const fleet = await start({});
    const client = await fleet.connect();
    for (let i = 0; i < 5000; i++) client.sendCommand(`random${i}`);
    const replies = (await client.readReplies(5000)).map(String);
    replies.forEach((reply, i) =>
      expect(reply).toBe(`-ERR unknown command 'random${i}', with args beginning with: \r\n`),
    );
    const refused = Number(await fleet.info('command_lookups_refused'));
    expect(Number(await fleet.info('commands_looked_up')) + refused).toBe(5000);
    expect(refused).toBeGreaterThan(0);
  });

  it('is an error that names the node when no node can be asked', async () => {
    const fleet = await start({ nodes: 1 });
    const client = await fleet.connect();
    await fleet.nodes[0]!.kill();
    await eventually(
      'the node to refuse connections',
      () => client.call('GET', 'k'),
      (reply) => reply.includes('ECONNREFUSED'),
    );
    expect(await client.call('nosuch', 'k')).toMatch(/^-ERR ringward: node n0 \S+ refused the connection/);
  });

  it('is looked up again when the node was started anew, and may exist then', async () => {
    const fleet = await start({ nodes: 1 });
    const client = await fleet.connect();
    expect(await client.call('fetchit', 'k')).toMatch(/^-ERR unknown command/);
    const { port } = fleet.nodes[0]!;
    await fleet.nodes[0]!.kill();
    fleet.nodes[0] = await startRedis({ port, args: RENAMED });
    await eventually(
      'the command to be known',
      () => client.call('fetchit', 'k'),
      (reply) => reply === '$-1\r\n',
    );
  });
});

/** What a module says of MOD.SUM (a number of keys), MOD.PING (none), MOD.ALL (all shards) and the container MOD.BOX. */
const ENTRIES: Readonly<Record<string, string>> = {
  'mod.sum': sumEntry(),
  'mod.ping': entry('mod.ping', -1, '*1\r\n+fast\r\n', 0, '*0\r\n', '*0\r\n', '*0\r\n'),
  'mod.all': entry('mod.all', 1, '*0\r\n', 0, '*1\r\n$25\r\nrequest_policy:all_shards\r\n', '*0\r\n', '*0\r\n'),
  'mod.box': entry(
    'mod.box',
    -2,
    '*0\r\n',
    0,
    '*0\r\n',
    '*0\r\n',
    `*1\r\n${entry('mod.box|open', 3, '*1\r\n+readonly\r\n', 2, '*0\r\n', `*1\r\n${rangeSpec(2)}`, '*0\r\n')}`,
  ),
};

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function entry(
  name: string,
  arity: number,
  flags: string,
  key: number,
  tips: string,
  specs: string,
  subs: string,
): string {
  const range = `:${key}\r\n:${key}\r\n:${key === 0 ? 0 : 1}\r\n`;
  return `*10\r\n${bulk(name)}:${arity}\r\n${flags}${range}*0\r\n${tips}${specs}${subs}`;
}

function rangeSpec(position: number): string {
  const begin = `*4\r\n${bulk('type')}${bulk('index')}${bulk('spec')}*2\r\n${bulk('index')}:${position}\r\n`;
  const fields = ['lastkey', 0, 'keystep', 1, 'limit', 0].map((one) =>
    typeof one === 'string' ? bulk(one) : `:${one}\r\n`,
  );
  const find = `*4\r\n${bulk('type')}${bulk('range')}${bulk('spec')}*6\r\n${fields.join('')}`;
  return `*6\r\n${bulk('flags')}*1\r\n+RO\r\n${bulk('begin_search')}${begin}${bulk('find_keys')}${find}`;
}

function sumEntry(): string {
  const begin = `*4\r\n${bulk('type')}${bulk('index')}${bulk('spec')}*2\r\n${bulk('index')}:1\r\n`;
  const fields = ['keynumidx', 0, 'firstkey', 1, 'keystep', 1].map((one) =>
    typeof one === 'string' ? bulk(one) : `:${one}\r\n`,
  );
  const find = `*4\r\n${bulk('type')}${bulk('keynum')}${bulk('spec')}*6\r\n${fields.join('')}`;
  const spec = `*6\r\n${bulk('flags')}*1\r\n+RO\r\n${bulk('begin_search')}${begin}${bulk('find_keys')}${find}`;
  return entry('mod.sum', -3, '*2\r\n+readonly\r\n+movablekeys\r\n', 0, '*0\r\n', `*1\r\n${spec}`, '*0\r\n');
}

describe('a command of a module', () => {
  async function startModules(): Promise<{ fleet: Fleet; nodes: FakeNode[] }> {
    const nodes = await Promise.all(
      [0, 1, 2].map((index) =>
        startFakeNode((words, socket) => {
          if (answerHandshake(words, socket)) return;
          if (words[0] === 'COMMAND') socket.write(`*1\r\n${ENTRIES[words[2]!] ?? '*-1\r\n'}`);
          else socket.write(`+${words.join(' ')} at ${index}\r\n`);
        }),
      ),
    );
    fakes.push(...nodes);
    return { nodes, fleet: await start({ ports: nodes.map(({ port }) => port) }) };
  }

  it('goes to the node of its keys, which must share one', async () => {
    const { fleet } = await startModules();
    const client = await fleet.connect();
    for (let node = 0; node < 3; node++) {
      const [a, b] = fleet.keysOf(node, 2);
      expect(await client.call('MOD.SUM', 2, a!, b!, 'x')).toBe(`+MOD.SUM 2 ${a} ${b} x at ${node}\r\n`);
    }
    expect(await client.call('MOD.SUM', 2, fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!)).toMatch(/^-CROSSSLOT/);
    expect(await client.call('MOD.SUM', 2)).toBe("-ERR wrong number of arguments for 'mod.sum' command\r\n");
  });

  it('goes to one node without keys, and is refused when it concerns all', async () => {
    const { fleet } = await startModules();
    const client = await fleet.connect();
    expect(await client.call('mod.ping', 'x')).toBe('+mod.ping x at 0\r\n');
    expect(await client.call('mod.all')).toBe(
      "-ERR ringward: command 'mod.all' is not supported: it concerns all nodes, not one key\r\n",
    );
  });

  it('may be a container', async () => {
    const { fleet } = await startModules();
    const client = await fleet.connect();
    const key = fleet.keysOf(2, 1)[0]!;
    expect(await client.call('MOD.BOX', 'Open', key)).toBe(`+MOD.BOX Open ${key} at 2\r\n`);
    expect(await client.call('MOD.BOX', 'shut', key)).toBe("-ERR unknown subcommand 'shut'. Try MOD.BOX HELP.\r\n");
    expect(await client.call('MOD.BOX')).toBe("-ERR wrong number of arguments for 'mod.box' command\r\n");
  });

  it('is asked about once, and COMMAND tells of it then', async () => {
    const { fleet, nodes } = await startModules();
    const clients = await Promise.all(Array.from({ length: 10 }, () => fleet.connect()));
    const count = Number((await clients[0]!.call('COMMAND', 'COUNT')).slice(1));
    for (const client of clients) for (let i = 0; i < 10; i++) client.sendCommand('mod.ping');
    for (const client of clients) expect(new Set((await client.readReplies(10)).map(String)).size).toBe(1);
    const questions = nodes.flatMap(({ requests }) => requests).filter((words) => words[0] === 'COMMAND');
    expect(questions).toEqual([['COMMAND', 'INFO', 'mod.ping']]);
    expect(await clients[0]!.call('COMMAND', 'COUNT')).toBe(`:${count + 1}\r\n`);
    expect(await clients[0]!.call('COMMAND', 'INFO', 'MOD.PING')).toBe(`*1\r\n${ENTRIES['mod.ping']}`);
    await clients[0]!.call('MOD.SUM', 1, 'k');
    expect(await clients[0]!.call('COMMAND', 'GETKEYS', 'mod.sum', 2, 'a', 'b')).toBe('*2\r\n$1\r\na\r\n$1\r\nb\r\n');
  });

  it(
    'whose node never answers the question is an error after a while, and its client goes on',
    { timeout: 20_000 },
    async () => {
      const node = await startFakeNode((words, socket) => {
        if (answerHandshake(words, socket) || words[0] === 'COMMAND') return;
        socket.write('+OK\r\n');
      });
      fakes.push(node);
      const fleet = await start({ ports: [node.port], pool: { timeouts: { request: '0' } } });
      const client = await fleet.connect();
      expect(await client.call('mod.ping')).toMatch(
        /^-ERR ringward: node n0 \S+ did not say within 5000 ms whether it has the command\r\n$/,
      );
      expect(await client.call('PING')).toBe('+PONG\r\n');
    },
  );
});
