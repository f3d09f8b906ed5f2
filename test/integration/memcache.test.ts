/** memcached clients of the proxy over three memcacheds: order, silence, splitting, broadcasts, figures, large values. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.js';
import { type McFleet, exchange, startMcFleet } from '../support/mc-fleet.js';

let fleet: McFleet;

beforeAll(async () => {
  fleet = await startMcFleet();
});

afterAll(async () => {
  await fleet.stop();
});

const ask = (bytes: string): Promise<string> => exchange(fleet.proxy.port, bytes);
const set = (key: string, value: string): string => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`;
/** `perNode` keys of each node, in turns, so that neighbours are on different nodes. */
const mixedKeys = (perNode: number, prefix: string): string[] => {
  const lists = [0, 1, 2].map((node) => fleet.keysOf(node, perNode, prefix));
  return lists[0]!.flatMap((_, i) => lists.map((list) => list[i]!));
};
const statOf = (text: string, name: string): string | undefined =>
  text
    .split('\r\n')
    .find((line) => line.startsWith(`STAT ${name} `))
    ?.slice(`STAT ${name} `.length);

describe('a pipeline over three nodes', () => {
  it('is answered in the order of its requests', async () => {
    const keys = mixedKeys(40, 'order');
    const answer = await ask(keys.map((key) => set(key, key) + `get ${key}\r\n`).join(''));
    expect(answer).toBe(keys.map((key) => `STORED\r\nVALUE ${key} 0 ${key.length}\r\n${key}\r\nEND\r\n`).join(''));
  });

  it('leaves each key on the node that the ring names', async () => {
    const keys = mixedKeys(5, 'where');
    await ask(keys.map((key) => set(key, 'x')).join(''));
    const found = await Promise.all(fleet.nodes.map(({ port }) => exchange(port, `get ${keys.join(' ')}\r\n`)));
    for (const [node, answer] of found.entries()) {
      expect([...answer.matchAll(/VALUE (\S+)/g)].map((match) => match[1])).toEqual(
        keys.filter((key) => fleet.nodeOf(key) === node),
      );
    }
  });

  it('gives each get the CAS value of its own node, with which a cas succeeds once', async () => {
    const keys = mixedKeys(4, 'cas');
    const client = await fleet.connect();
    client.send(keys.map((key) => set(key, '1')).join('') + `gets ${keys.join(' ')}\r\n`);
    const answer = await client.readUntil('END\r\n');
    const cas = [...answer.matchAll(/VALUE \S+ 0 1 (\d+)/g)].map((match) => match[1]!);
    expect(cas).toHaveLength(keys.length);
    const swap = keys.map((key, i) => `cas ${key} 0 0 1 ${cas[i]!}\r\n2\r\n`).join('');
    expect(await ask(swap + swap)).toBe('STORED\r\n'.repeat(12) + 'EXISTS\r\n'.repeat(12));
  });

  it('keeps a base64 key and its plain form on one node', async () => {
    const answer = await ask(`ms Zm9vYmFy 2 b\r\nhi\r\nget foobar\r\nmg Zm9vYmFy b v k\r\ndelete foobar\r\n`);
    expect(answer).toMatch(/^HD\r\nVALUE foobar 0 2\r\nhi\r\nEND\r\nVA 2 k\S+( b)?\r\nhi\r\nDELETED\r\n$/);
  });
});

describe('noreply', () => {
  it('answers nothing, and the requests around it get their own replies', async () => {
    const keys = mixedKeys(30, 'quiet');
    const requests = keys.map(
      (key, i) => `set ${key} 0 0 1 noreply\r\n7\r\nincr ${key} ${i} noreply\r\nget ${key}\r\n`,
    );
    const values = keys.map((_, i) => String(7 + i));
    expect(await ask(requests.join(''))).toBe(
      keys.map((key, i) => `VALUE ${key} 0 ${values[i]!.length}\r\n${values[i]!}\r\nEND\r\n`).join(''),
    );
  });

  it('hides errors of the node, which are read by nobody', async () => {
    const requests = `${set('word', 'abc')}incr word 1 noreply\r\nadd word 0 0 1 noreply\r\nx\r\n`;
    expect(await ask(`${requests}delete none noreply\r\ntouch none 0 noreply\r\nverbosity 1 noreply\r\nmn\r\n`)).toBe(
      'STORED\r\nMN\r\n',
    );
  });
});

describe('quiet meta requests', () => {
  it('say only what they must, in order, before the MN', async () => {
    const keys = mixedKeys(20, 'meta');
    const sets = keys.filter((_, i) => i % 2 === 0).map((key) => `ms ${key} 2 q\r\n${key.slice(-2)}\r\n`);
    const gets = keys.map((key, i) => `mg ${key} v q k O${i}\r\n`);
    const expected = keys.map((key, i) => (i % 2 === 0 ? `VA 2 k${key} O${i}\r\n${key.slice(-2)}\r\n` : '')).join('');
    expect(await ask(`${sets.join('')}mn\r\n${gets.join('')}mn\r\n`)).toBe(`MN\r\n${expected}MN\r\n`);
  });

  it('pass a value of 1 MB, whose end may look like the end of the quiet part', async () => {
    const value = 'MN\r\n'.repeat(250_000);
    const keys = mixedKeys(1, 'bigmeta');
    await ask(keys.map((key) => set(key, value)).join(''));
    const answer = await ask(`${keys.map((key) => `mg ${key} v q\r\n`).join('')}mn\r\n`);
    expect(answer === `VA 1000000\r\n${value}\r\n`.repeat(3) + 'MN\r\n').toBe(true);
  });

  it('of every command are shown as memcached shows them', async () => {
    const lines = [
      'mg k q',
      'ms k 1 q\r\n5',
      'mg k q',
      'ms k 1 ME q\r\n5',
      'mg k q q',
      'ma k v q',
      'ma none O1 q',
      'md k q I',
      'mg k q',
      'md k q',
      'md k q',
    ];
    const requests = `flush_all\r\n${lines.map((line) => `${line}\r\n`).join('')}mn\r\n`;
    expect(await ask(requests)).toBe(await exchange(fleet.nodes[0]!.port, requests));
  });

  it('do not delay requests to other nodes by an answer that never comes', async () => {
    const [miss] = fleet.keysOf(0, 1, 'absent');
    expect(await ask(`mg ${miss!} v q\r\nget ${miss!}\r\nmg ${miss!} v\r\n`)).toBe('END\r\nEN\r\n');
  });
});

describe('a get of many keys', () => {
  it('over three nodes is one answer in the order of the keys, with duplicates and without misses', async () => {
    const keys = mixedKeys(34, 'many');
    await ask(
      keys
        .filter((_, i) => i % 5 > 0)
        .map((key) => set(key, `<${key}>`))
        .join(''),
    );
    const wanted = [...keys, keys[1]!, keys[0]!, keys[1]!];
    const expected = wanted
      .filter((key) => keys.indexOf(key) % 5 > 0)
      .map((key) => `VALUE ${key} 0 ${key.length + 2}\r\n<${key}>\r\n`);
    expect(await ask(`get ${wanted.join(' ')}\r\n`)).toBe(`${expected.join('')}END\r\n`);
  });

  it('carries values of any bytes, END and VALUE lines among them', async () => {
    const keys = mixedKeys(3, 'binary');
    const values = keys.map((_, i) =>
      i % 3 === 0
        ? 'END\r\n'
        : i % 3 === 1
          ? `VALUE ${keys[0]!} 0 5\r\nEND\r\n`
          : Buffer.from([...Array(256).keys()]).toString('latin1'),
    );
    await ask(keys.map((key, i) => set(key, values[i]!)).join(''));
    const expected = keys.map((key, i) => `VALUE ${key} 0 ${values[i]!.length}\r\n${values[i]!}\r\n`).join('');
    expect(await ask(`get ${keys.join(' ')}\r\n`)).toBe(`${expected}END\r\n`);
  });

  it('renews the times of all its keys as gat', async () => {
    const keys = mixedKeys(10, 'gat');
    await ask(keys.map((key) => set(key, '1')).join(''));
    const answer = await ask(`gat 1000 ${keys.join(' ')}\r\n${keys.map((key) => `mg ${key} t\r\n`).join('')}`);
    expect(answer.match(/^HD t(1000|999|998)\r$/gm)).toHaveLength(keys.length);
    expect(answer.match(/^VALUE/gm)).toHaveLength(keys.length);
  });

  it('of 10 000 keys is served', async () => {
    const keys = Array.from({ length: 10_000 }, (_, i) => `ten${i}`);
    await ask(keys.map((key) => `set ${key} 0 0 1 noreply\r\n1\r\n`).join('') + 'mn\r\n');
    const answer = await ask(`get ${keys.join(' ')}\r\n`);
    expect([...answer.matchAll(/VALUE (\S+)/g)].map((match) => match[1])).toEqual(keys);
  });

  it('streams values of 1 MB from all nodes', async () => {
    const keys = mixedKeys(2, 'large');
    const value = 'x'.repeat(1_000_000);
    expect(await ask(keys.map((key) => set(key, value)).join(''))).toBe('STORED\r\n'.repeat(6));
    const answer = await ask(`get ${keys.join(' ')}\r\n${keys.map((key) => `get ${key}\r\n`).join('')}`);
    const items = keys.map((key) => `VALUE ${key} 0 1000000\r\n${value}\r\n`);
    expect(answer === `${items.join('')}END\r\n${items.map((item) => `${item}END\r\n`).join('')}`).toBe(true);
  });
});

describe('commands for every node or none', () => {
  it('flush_all empties all nodes, and with noreply says nothing', async () => {
    const keys = mixedKeys(2, 'flush');
    const fillAll = keys.map((key) => set(key, '1')).join('');
    const get = `get ${keys.join(' ')}\r\n`;
    const stored = 'STORED\r\n'.repeat(6);
    expect(await ask(`${fillAll}flush_all\r\n${get}`)).toBe(`${stored}OK\r\nEND\r\n`);
    expect(await ask(`${fillAll}flush_all noreply\r\n${get}`)).toBe(`${stored}END\r\n`);
  });

  it('verbosity reaches all nodes', async () => {
    expect(await ask('verbosity 0\r\n')).toBe('OK\r\n');
  });

  it('version names both versions, that of memcached as a word of its own', async () => {
    expect(await ask('version\r\n')).toBe(`VERSION 1.6.18 ringward-${VERSION}\r\n`);
  });

  it('stats counts what this proxy did', async () => {
    const before = await ask('stats\r\n');
    const requests = `${set('counted', '1')}get counted other more\r\ndelete counted\r\nflush_all\r\n`;
    const answer = await ask(requests);
    const after = await ask('stats\r\n');
    const grew = (name: string): number => Number(statOf(after, name)) - Number(statOf(before, name));
    expect(['cmd_get', 'cmd_set', 'cmd_delete', 'cmd_flush', 'total_connections'].map(grew)).toEqual([3, 1, 1, 1, 2]);
    expect(grew('bytes_read')).toBe(requests.length + 'stats\r\n'.length);
    expect(grew('bytes_written')).toBe(before.length + answer.length);
    expect(statOf(after, 'pid')).toBe(String(fleet.proxy.pid));
    expect(statOf(after, 'threads')).toBe('1');
    expect(statOf(after, 'mc:n2:state')).toBe('up');
  });

  it('stats adds up what two workers did', async () => {
    const two = await startMcFleet({ nodes: 2, workers: 2 });
    for (let i = 0; i < 6; i++) await exchange(two.proxy.port, `${set(`w${i}`, '1')}get w${i} x${i}\r\n`);
    const stats = await exchange(two.proxy.port, 'stats\r\n');
    expect(
      ['threads', 'cmd_set', 'cmd_get', 'curr_connections', 'mc:n1:state'].map((name) => statOf(stats, name)),
    ).toEqual([...['2', '6', '12', '1', 'up']]);
    await two.stop();
  });

  it('stats with an argument shows every node under its name', async () => {
    const settings = await ask('stats settings\r\n');
    for (const id of ['n0', 'n1', 'n2']) expect(statOf(settings, `${id}:item_size_max`)).toBe('1048576');
    expect(settings.endsWith('END\r\n')).toBe(true);
    expect(await ask('stats reset\r\nstats detail off\r\nmn\r\n')).toBe('RESET\r\nOK\r\nMN\r\n');
  });

  it.each(['slabs automove 1', 'lru tune 10 20 1 2', 'cache_memlimit 64', 'watch fetchers', 'lru_crawler enable'])(
    'refuses %s, which is about one server',
    async (line) => {
      expect(await ask(`${line}\r\nmn\r\n`)).toMatch(/^CLIENT_ERROR ringward: \w+ is about one server: .*\r\nMN\r\n$/);
    },
  );

  it('refuses shutdown as memcached does', async () => {
    expect(await ask('shutdown\r\nmn\r\n')).toBe('ERROR: shutdown not enabled\r\nMN\r\n');
  });

  it('quit closes after the replies before it, and what follows is not served', async () => {
    const client = await fleet.connect();
    client.send(`${set('last', '1')}quit\r\n${set('last', '2')}`);
    expect((await client.readToEnd()).toString()).toBe('STORED\r\n');
    expect(await ask('get last\r\n')).toBe('VALUE last 0 1\r\n1\r\nEND\r\n');
  });
});

describe('limits and errors', () => {
  it('a key of 251 bytes is refused, and one of 250 is served', async () => {
    expect(await ask(`get ${'k'.repeat(251)}\r\nget ${'k'.repeat(250)}\r\n`)).toBe(
      'CLIENT_ERROR bad command line format\r\nEND\r\n',
    );
  });

  it('a set whose length is no number closes the connection: its data is not run as commands', async () => {
    await ask(set('victim', '1'));
    expect(await ask('set a 0 0 x\r\nflush_all\r\n')).toBe('CLIENT_ERROR bad command line format\r\n');
    expect(await ask('get victim\r\n')).toBe('VALUE victim 0 1\r\n1\r\nEND\r\n');
  });

  it('the binary protocol is refused in words', async () => {
    expect(await ask('\x80\0\0\0')).toBe('SERVER_ERROR ringward: the binary protocol is not supported\r\n');
  });

  it('value_size of the pool is the limit of a value', async () => {
    const small = await startMcFleet({ nodes: 1, pool: { value_size: '1KiB' } });
    const send = (bytes: number): string => set('k', 'v'.repeat(bytes));
    expect(await exchange(small.proxy.port, `${send(1025)}${send(1024)}`)).toBe(
      'SERVER_ERROR object too large for cache\r\nSTORED\r\n',
    );
    await small.stop();
  });

  it('values that a node allows beyond 1 MiB are read, and written when value_size allows', async () => {
    const large = await startMcFleet({ nodes: 2, nodeArgs: ['-I', '8m'], pool: { value_size: '8MiB' } });
    const value = 'v'.repeat(5_000_000);
    const answer = await exchange(large.proxy.port, `${set('k', value)}get k\r\n`);
    expect(answer === `STORED\r\nVALUE k 0 5000000\r\n${value}\r\nEND\r\n`).toBe(true);
    await large.stop();
  });
});

describe('requests cut anywhere', () => {
  it('are answered alike, byte by byte', async () => {
    const [a, b] = [fleet.keysOf(0, 1, 'cut')[0]!, fleet.keysOf(1, 1, 'cut')[0]!];
    const bytes = `${set(a, 'one')}${set(b, 'two')}get ${a} ${b} none\r\nmg ${a} v q\r\nset ${a} 0 0 1 noreply\r\n9\r\nget ${a}\r\nmn\r\n`;
    const client = await fleet.connect();
    client.socket.setNoDelay(true);
    for (const byte of Buffer.from(bytes, 'latin1')) {
      client.send(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    expect(await client.readUntil('MN\r\n')).toBe(
      `STORED\r\nSTORED\r\nVALUE ${a} 0 3\r\none\r\nVALUE ${b} 0 3\r\ntwo\r\nEND\r\nVA 3\r\none\r\nVALUE ${a} 0 1\r\n9\r\nEND\r\nMN\r\n`,
    );
  });
});
