/**
 * From the pools of a twemproxy file to the same Config that a Ringward file gives: one listener and one pool for each.
 * Keys stay where they are: names, hash, distribution and hash tag are taken over exactly (src/routing has them bit for
 * bit). What twemproxy has no option for keeps the default of `template`, which is a Config made from a Ringward file.
 */
import { twemproxyHashes } from '../../routing/hash.js';
import type { BindAddress, Config, ListenerConfig, NodeConfig, PoolConfig, Protocol, StatsConfig } from '../schema.js';
import type { ListenLine, ServerLine } from './address.js';
import type { TwemproxyPool } from './pool.js';

/** A Config of one listener and one pool of the protocol, with every default filled in. */
export type Template = (protocol: Protocol) => Config;

const BACKLOG_MAX = 65_535;
/** nutcracker passes values of any size on, and leaves the limit to memcached. */
const VALUE_BYTES_MAX = 1024 ** 3;
/** What nutcracker uses without -s, -a and -i; it always serves statistics. */
const STATS_BIND: StatsConfig['bind'] = { kind: 'tcp', host: '0.0.0.0', port: 22_222 };
const STATS_INTERVAL_MS = 30_000;

export function translate(pools: readonly TwemproxyPool[], template: Template): Config {
  const parts = pools.map((pool) => translatePool(pool, template(protocolOf(pool))));
  return {
    ...template('redis'),
    listeners: parts.map(({ listener }) => listener),
    pools: parts.map(({ pool }) => pool),
    stats: { bind: STATS_BIND, intervalMs: STATS_INTERVAL_MS },
  };
}

function protocolOf(pool: TwemproxyPool): Protocol {
  return pool.isRedis ? 'redis' : 'memcached';
}

function translatePool(from: TwemproxyPool, template: Config) {
  const listener: ListenerConfig = {
    ...template.listeners[0]!,
    name: from.name,
    bind: bindOf(from.listen),
    pool: from.name,
    backlog: Math.min(Math.max(1, from.backlog), BACKLOG_MAX),
    password: from.redisAuth,
    database: from.isRedis ? from.redisDb : 0,
  };
  const defaults = template.pools[0]!;
  const pool: PoolConfig = {
    ...defaults,
    name: from.name,
    nodes: from.servers.map((server) => nodeOf(server, from.distribution === 'random')),
    partitioning: {
      algorithm: from.distribution,
      hash: from.distribution === 'random' ? defaults.partitioning.hash : twemproxyHashes[from.hash],
      replicas: null,
      // A random pool hashes nothing, so nothing is left of its tag; the default stands there as in a Ringward file.
      hashTag: from.distribution === 'random' ? defaults.partitioning.hashTag : from.hashTag,
    },
    connectTimeoutMs: from.timeoutMs,
    requestTimeoutMs: from.timeoutMs,
    databases: from.isRedis ? Math.max(defaults.databases, from.redisDb + 1) : defaults.databases,
    auth: from.redisAuth === null ? null : { username: null, password: from.redisAuth },
    connectionsPerNode: from.serverConnections,
    valueBytesMax: from.isRedis ? defaults.valueBytesMax : VALUE_BYTES_MAX,
  };
  return { listener, pool };
}

/** nutcracker gives `*` to getaddrinfo, which makes the loopback address of it. */
function bindOf(listen: ListenLine): BindAddress {
  if (listen.kind === 'unix') return listen;
  return { kind: 'tcp', host: listen.host === '*' ? '::1' : listen.host, port: listen.port };
}

/** `random` places nothing by name, so its nodes have no other than the id. */
function nodeOf({ name, address, weight }: ServerLine, isRandom: boolean): NodeConfig {
  const id = name === '' && address.kind === 'tcp' ? `${address.host}:${address.port}` : name;
  return { id, ringName: isRandom ? id : name, address, weight };
}
