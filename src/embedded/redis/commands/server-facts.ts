/**
 * Commands about the node: INFO, TIME, CONFIG GET, MEMORY USAGE, ROLE. Settings are the few that clients ask for, and read-only.
 */
import { NO_KEYS, READ, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { integerArgument, isWord } from '../arguments.js';
import { globMatches } from '../glob.js';
import { DATABASES } from '../store.js';
import { EMBEDDED_REDIS_VERSION } from './connection.js';

type Fields = readonly (readonly [string, string | number])[];

const SECTIONS: Readonly<Record<string, (client: Client) => Fields>> = {
  Server: ({ server, store }) => [
    ['redis_version', EMBEDDED_REDIS_VERSION],
    ['redis_mode', 'standalone'],
    ['os', `${process.platform} ${process.arch}`],
    ['process_id', process.pid],
    ['tcp_port', server.port],
    ['uptime_in_seconds', Math.floor((store.nowMs - server.startedAtMs) / 1000)],
    ['embedded_node', server.name],
  ],
  Clients: ({ server }) => [['connected_clients', server.clients()]],
  Memory: ({ store }) => [
    ['used_memory', store.usedBytes],
    ['maxmemory', store.maxMemoryBytes],
    ['maxmemory_policy', 'allkeys-lru'],
  ],
  Persistence: () => [['loading', 0]],
  Stats: ({ store: { counters } }) => [
    ['total_connections_received', counters.connections],
    ['total_commands_processed', counters.commands],
    ['expired_keys', counters.expired],
    ['evicted_keys', counters.evicted],
    ['keyspace_hits', counters.hits],
    ['keyspace_misses', counters.misses],
  ],
  Replication: () => [
    ['role', 'master'],
    ['connected_slaves', 0],
  ],
  Keyspace: ({ store }) =>
    store.databases.flatMap((db, index) =>
      db.size > 0 ? [[`db${index}`, `keys=${db.size},expires=${db.expiringSize},avg_ttl=0`] as const] : [],
    ),
};

function info(client: Client, args: readonly string[]): void {
  const wanted = args.slice(1).map((name) => name.toLowerCase());
  const all = wanted.length === 0 || wanted.some((name) => ['default', 'all', 'everything'].includes(name));
  const parts: string[] = [];
  for (const [title, fieldsOf] of Object.entries(SECTIONS)) {
    if (!all && !wanted.includes(title.toLowerCase())) continue;
    const lines = fieldsOf(client).map(([name, value]) => `${name}:${value}\r\n`);
    parts.push(`# ${title}\r\n${lines.join('')}`);
  }
  client.reply.verbatim(parts.join('\r\n'));
}

function settings({ store }: Client): Fields {
  return [
    ['appendonly', 'no'],
    ['databases', DATABASES],
    ['maxmemory', store.maxMemoryBytes],
    ['maxmemory-policy', 'allkeys-lru'],
    ['proto-max-bulk-len', 512 * 1024 * 1024],
    ['save', ''],
    ['timeout', 0],
  ];
}

function configGet(client: Client, args: readonly string[]): void {
  const patterns = args.slice(2).map((pattern) => pattern.toLowerCase());
  const found = settings(client).filter(([name]) => patterns.some((pattern) => globMatches(pattern, name)));
  client.reply.map(found.length);
  for (const [name, value] of found) {
    client.reply.bulk(name);
    client.reply.bulk(String(value));
  }
}

/** With a clock that tests may set, microseconds are those of its millisecond. */
function time({ reply, store }: Client): void {
  reply.bulks([String(Math.floor(store.nowMs / 1000)), String((store.nowMs % 1000) * 1000)]);
}

function memoryUsage({ db, reply }: Client, args: readonly string[]): void {
  for (let at = 3; at < args.length; at += 2) {
    const samples = args[at + 1];
    if (!isWord(args[at], 'samples') || samples === undefined || integerArgument(samples) < 0) {
      throw new CommandError(SYNTAX);
    }
  }
  const entry = db.peek(args[2]!);
  if (entry) reply.integer(entry.bytes);
  else reply.nil();
}

function role({ reply }: Client): void {
  reply.array(3);
  reply.bulk('master');
  reply.integer(0);
  reply.array(0);
}

export const SERVER_COMMANDS: readonly CommandRow[] = [
  row('info', -1, READ, NO_KEYS, info),
  row('time', 1, READ, NO_KEYS, time),
  row('role', 1, READ, NO_KEYS, role),
  row('config|get', -3, READ, NO_KEYS, configGet),
  row('memory|usage', -3, READ, [2, 2, 1], memoryUsage),
];
