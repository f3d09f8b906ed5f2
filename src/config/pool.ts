/**
 * A pool: nodes of one protocol that share the keys between them. Its schema, and what the rest of the program sees.
 * Secrets are resolved by secrets.ts before `resolvePool` is called; nothing here reads the environment or files.
 */
import { z } from 'zod';
import { choice, duration, integer, size } from './fields.js';
import { nodeSchema, resolveNode, type NodeConfig } from './node.js';
import { partitioningSchema, resolvePartitioning, type PartitioningConfig } from './partitioning.js';
import { DEFAULT_PORTS, PROTOCOLS, type Protocol } from './protocol.js';
import { passwordFields, secret } from './secret-fields.js';

/** How the proxy logs in to the nodes of a pool. `username` null means the default user. Never log it. */
export interface NodeAuth {
  readonly username: string | null;
  readonly password: string;
}

export interface PoolConfig {
  /** Unique among the pools. */
  readonly name: string;
  readonly protocol: Protocol;
  /** At least one, in the file's order. */
  readonly nodes: readonly NodeConfig[];
  readonly partitioning: PartitioningConfig;
  /** 0: no limit but the system's. */
  readonly connectTimeoutMs: number;
  /** From the moment a request is queued for a node to the end of its reply. 0: no limit. */
  readonly requestTimeoutMs: number;
  /** Databases that SELECT may name, 0 to one less. */
  readonly databases: number;
  /** Null: the nodes ask for no password. */
  readonly auth: NodeAuth | null;
  /** Shared connections to each node, per worker. */
  readonly connectionsPerNode: number;
  readonly inFlightPerNodeMax: number;
  /** Connections lent to single clients at once, per worker, over all nodes of the pool. */
  readonly privateConnectionsMax: number;
  /** Clients that may track keys at once, per worker. */
  readonly trackingClientsMax: number;
  /** Index of the node for scripts and functions without keys. Null: the first that is up. */
  readonly keylessNode: number | null;
  /** Longest value that memcached clients may store. Means nothing for redis pools. */
  readonly valueBytesMax: number;
  /** What a memcached get over several nodes answers when some of them failed. Means nothing for redis pools. */
  readonly onPartialFailure: PartialFailure;
  /** Read-only commands over keys of several nodes are computed by the proxy. Means nothing for memcached pools. */
  readonly crossNodeReads: boolean;
  /** Whether clients may send dangerous commands to all nodes (FLUSHALL, KEYS, CONFIG, ...). */
  readonly adminCommands: AdminCommands;
}

export const ADMIN_COMMANDS = ['allow', 'refuse'] as const;
export type AdminCommands = (typeof ADMIN_COMMANDS)[number];

export const PARTIAL_FAILURES = ['miss', 'error'] as const;
export type PartialFailure = (typeof PARTIAL_FAILURES)[number];

export const DATABASES_DEFAULT = 16;
/** In the place of a node's id: whichever is up. */
export const ANY_NODE = 'any';

export const authSchema = z
  .strictObject({
    username: secret('User to log in as. Without it: the default user.'),
    ...passwordFields('Password to log in with.'),
  })
  .meta({ description: 'How the proxy logs in to the nodes. Only for redis pools.' });

export type AuthFields = z.output<typeof authSchema>;

const timeoutsSchema = z
  .strictObject({
    connect: duration(
      '1s',
      { min: '1ms', max: '10m', zero: true },
      "How long a connection to a node may take to open. 0: as long as the system's own limit.",
    ),
    request: duration(
      '1s',
      { min: '1ms', max: '1h', zero: true },
      'How long a request may take from being queued for a node to its whole reply. Past it the client gets an error and the connection to the node is closed. 0: no limit.',
    ),
  })
  .prefault({});

const poolLimitsSchema = z
  .strictObject({
    in_flight_per_node: integer(
      65_536,
      1,
      1_048_576,
      'Requests that await the reply of one node, per worker connection. Past it the clients that send to it are not read.',
    ),
    private_connections: integer(
      1024,
      0,
      65_536,
      'Connections that one client at a time has to itself, over all nodes, per worker: for transactions, WATCH and commands that block. A client that finds none left gets an error. Only for redis pools.',
    ),
    tracking_clients: integer(
      256,
      0,
      65_536,
      'Clients with `CLIENT TRACKING ON` at once, per worker. Each has connections of its own, one to every node. One more gets an error. Only for redis pools.',
    ),
  })
  .prefault({});

export const poolSchema = z.strictObject({
  protocol: z.enum(PROTOCOLS).default('redis').meta({ description: 'What the nodes speak.' }),
  nodes: z.array(nodeSchema).min(1).max(1024).meta({ description: 'The nodes that share the keys.' }),
  partitioning: partitioningSchema,
  timeouts: timeoutsSchema,
  databases: integer(
    DATABASES_DEFAULT,
    1,
    65_536,
    'Databases that clients may SELECT; no more than the nodes have. Only for redis pools.',
  ),
  auth: authSchema.optional(),
  connections: integer(1, 1, 1024, 'Connections to each node, per worker, shared by all clients.'),
  limits: poolLimitsSchema,
  cross_node_reads: z.boolean().default(false).meta({
    description:
      'Whether the proxy computes `SINTER`, `SUNION`, `SDIFF`, `SINTERCARD`, `ZUNION`, `ZINTER`, `ZDIFF`, `ZINTERCARD` and `PFCOUNT` when their keys are on several nodes. Not atomic: each node is asked for its keys at its own moment. `false`: they get `CROSSSLOT`. Only for redis pools.',
  }),
  keyless_scripts: z.string().min(1).default(ANY_NODE).meta({
    description:
      'Where scripts and functions without keys run: the `id` of a node, or `any` for the first that is up. Only for redis pools.',
  }),
  value_size: size(
    '1MiB',
    { min: '1B', max: '1GiB' },
    "The longest value that clients may store; a longer one is answered `SERVER_ERROR object too large for cache`. At least the nodes' own limit (memcached `-I`), which applies too. Only for memcached pools.",
  ),
  on_partial_failure: choice(
    'miss',
    PARTIAL_FAILURES,
    'What a `get` of keys on several nodes answers when some of the nodes failed. `miss`: as if their keys were not there. `error`: an error that names the node. Only for memcached pools.',
  ),
  admin_commands: choice(
    'allow',
    ADMIN_COMMANDS,
    'Commands of the categories `@admin` and `@dangerous` that go to all nodes: FLUSHALL, FLUSHDB, KEYS, SWAPDB, CONFIG, SAVE, BGSAVE, SLOWLOG, LATENCY and so on. `allow`: as with a plain server. `refuse`: an error, for every client of the pool. Only for redis pools.',
  ),
});

export type PoolFields = z.output<typeof poolSchema>;

/** Renames the fields and fills in what depends on other fields. */
export function resolvePool(name: string, fields: PoolFields, auth: NodeAuth | null): PoolConfig {
  const defaultPort = DEFAULT_PORTS[fields.protocol];
  const nodes = fields.nodes.map((node) => resolveNode(node, defaultPort));
  const keylessNode = nodes.findIndex((node) => node.id === fields.keyless_scripts);
  return {
    name,
    protocol: fields.protocol,
    nodes,
    partitioning: resolvePartitioning(fields.partitioning),
    connectTimeoutMs: fields.timeouts.connect,
    requestTimeoutMs: fields.timeouts.request,
    databases: fields.databases,
    auth,
    connectionsPerNode: fields.connections,
    inFlightPerNodeMax: fields.limits.in_flight_per_node,
    privateConnectionsMax: fields.limits.private_connections,
    trackingClientsMax: fields.limits.tracking_clients,
    keylessNode: fields.keyless_scripts === ANY_NODE || keylessNode < 0 ? null : keylessNode,
    valueBytesMax: fields.value_size,
    onPartialFailure: fields.on_partial_failure,
    crossNodeReads: fields.cross_node_reads,
    adminCommands: fields.admin_commands,
  };
}
