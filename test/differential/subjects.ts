/**
 * What the differential tests compare: one plain redis-server, and the proxy over one node and over three. All servers are
 * started alike, and emptied before each sequence at the servers themselves, so nothing depends on what the proxy serves.
 */
import { type Fleet, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { type Words } from '../integration/embedded-grammar.js';
import { LIBRARY } from './keyspace.js';
import { encodeWords } from './run.js';

/** DEBUG is asked for the digest of all data, at the servers only. Time-outs are looked at `hz` times a second. */
const SERVER_ARGS = ['--enable-debug-command', 'yes', '--hz', '100'];

export interface Subject {
  readonly name: string;
  /** A new client of it. */
  connect(): Promise<RawClient>;
  /** Clients of its servers. */
  readonly servers: readonly RawClient[];
}

export interface Subjects {
  readonly plain: Subject;
  readonly proxies: readonly Subject[];
  /** Tags whose keys are on the first, the second and the third node of the fleet of three. */
  readonly tags: readonly string[];
  stop(): Promise<void>;
}

const TAGS = ['{t}', '{user:1}', '{\xff}', '{a}{b}', 'x{y}', '{1}', '{2}', '{3}', '{4}', '{5}'];

async function asSubject(fleet: Fleet): Promise<Subject> {
  const servers = await Promise.all(fleet.nodes.map((_, index) => fleet.connectNode(index)));
  return { name: `the proxy over ${servers.length}`, connect: () => fleet.connect(), servers };
}

export async function startSubjects(): Promise<Subjects> {
  const options = { nodeArgs: SERVER_ARGS, pool: { partitioning: { hash_tag: '{}' } } };
  const redis = await startRedis({ args: SERVER_ARGS });
  const fleets = await Promise.all([1, 3].map((nodes) => startFleet({ ...options, nodes })));
  const three = fleets[1]!;
  const server = await connectRaw(redis.port);
  return {
    plain: { name: 'redis-server', connect: () => connectRaw(redis.port), servers: [server] },
    proxies: await Promise.all(fleets.map(asSubject)),
    tags: [0, 1, 2].map((node) => TAGS.find((tag) => three.nodeOf(`${tag}k`) === node)!),
    stop: async () => {
      server.destroy();
      await Promise.all([redis.kill(), ...fleets.map((fleet) => fleet.stop())]);
    },
  };
}

async function callAll(subject: Subject, words: Words): Promise<string[]> {
  return Promise.all(
    subject.servers.map(async (server) => {
      server.send(encodeWords([words]));
      return (await server.readReply()).toString('latin1');
    }),
  );
}

/** Empty servers that know no script and the functions of keyspace.ts. */
export async function prepare(subject: Subject): Promise<void> {
  for (const words of [['flushall'], ['script', 'flush'], ['function', 'flush'], ['function', 'load', LIBRARY]]) {
    const replies = await callAll(subject, words);
    const bad = replies.find((reply) => reply.startsWith('-'));
    if (bad !== undefined) throw new Error(`${subject.name}: ${words[0]!}: ${bad}`);
  }
}

const DATABASES = 16;
const NO_DATA = `+${'0'.repeat(40)}\r\n`;

/** Digests of the data of those servers that have any. */
async function digests(subject: Subject): Promise<string[]> {
  return (await callAll(subject, ['debug', 'digest'])).filter((digest) => digest !== NO_DATA);
}

/** Every key of every database, with what it holds in an order of its own. */
async function contents(subject: Subject, database: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const server of subject.servers) {
    server.send(
      encodeWords([
        ['select', String(database)],
        ['keys', '*'],
      ]),
    );
    const [, list] = await server.readReplies(2);
    for (const [, key = ''] of list!.toString('latin1').matchAll(/\$\d+\r\n([^]*?)(?=\r\n\$|\r\n$)/g)) {
      const asked = [
        ['debug', 'digest-value', key],
        ['type', key],
        ['object', 'encoding', key],
      ];
      server.send(encodeWords(asked));
      found.set(key, (await server.readReplies(asked.length)).join('').replace(/\r\n/g, ' '));
    }
    server.send(encodeWords([['select', '0']]));
    await server.readReply();
  }
  return found;
}

/** Which keys differ from those of `plain`. Only for data that is on one node of the proxy. */
export async function differingData(plain: Subject, proxy: Subject): Promise<string[]> {
  const [expected, actual] = await Promise.all([digests(plain), digests(proxy)]);
  if (actual.join() === expected.join()) return [];
  const lines: string[] = [];
  for (let database = 0; database < DATABASES; database++) {
    const [one, other] = await Promise.all([contents(plain, database), contents(proxy, database)]);
    for (const key of new Set([...one.keys(), ...other.keys()])) {
      if (one.get(key) === other.get(key)) continue;
      lines.push(
        `${database} ${JSON.stringify(key)}: expected ${one.get(key) ?? '-'}, actual ${other.get(key) ?? '-'}`,
      );
    }
  }
  // The digest counts keys that expired and were not removed yet; to clients they are gone.
  return lines;
}
