/**
 * One cache node of a pool: its schema, and what the rest of the program sees of it.
 * A node's identity (`id`) is separate from its address, so a machine can be replaced without moving a key.
 */
import { z } from 'zod';
import { formatHostPort, isHost, isUnixPath } from './address.js';
import { integer, word } from './fields.js';

export type NodeAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A node as the program sees it. `id` and `ringName` are unique within the pool. */
export interface NodeConfig {
  readonly id: string;
  /** The name that `ketama` and `modula` place keys by. The same as `id` unless the file says otherwise. */
  readonly ringName: string;
  readonly address: NodeAddress;
  /** At least 1. */
  readonly weight: number;
}

const NODE_NAME_EXPECTED = '1 to 255 characters without spaces or control characters';
const isNodeName = (value: string): boolean => /^[^\s\p{C}]{1,255}$/u.test(value);

export const nodeSchema = z.strictObject({
  id: word(
    NODE_NAME_EXPECTED,
    isNodeName,
    'Identity of the node, in logs, metrics and on the ring. Keep it when the machine behind it changes.',
  )
    .meta({ 'x-default': '`host:port`, or the socket path' })
    .optional(),
  host: word(
    'a host name or an IP address',
    isHost,
    'Where the node is. A name is looked up at each connect. Either this or `socket`.',
  ).optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta({
      description: 'TCP port of the node.',
      'x-default': '6379 in redis pools, 11211 in memcached pools',
    })
    .optional(),
  socket: word(
    'an absolute path of at most 103 bytes',
    isUnixPath,
    'Unix socket of the node, instead of `host` and `port`.',
  ).optional(),
  weight: integer(1, 1, 10_000, 'Share of the keys, relative to the other nodes of the pool.'),
  name: word(
    NODE_NAME_EXPECTED,
    isNodeName,
    'Name that `ketama` and `modula` place keys by, if it differs from `id`: for moving from a proxy that used other names.',
  )
    .meta({ 'x-default': 'the `id`' })
    .optional(),
});

export type NodeFields = z.output<typeof nodeSchema>;

/** Fills in what depends on other fields. The caller has checked that either `host` or `socket` is there. */
export function resolveNode(fields: NodeFields, defaultPort: number): NodeConfig {
  const { host = '', port = defaultPort, socket, weight } = fields;
  const address: NodeAddress = socket === undefined ? { kind: 'tcp', host, port } : { kind: 'unix', path: socket };
  const id = fields.id ?? formatNodeAddress(address);
  return { id, ringName: fields.name ?? id, address, weight };
}

/** `host:port`, `[v6]:port` or the socket path. */
export function formatNodeAddress(address: NodeAddress): string {
  return address.kind === 'unix' ? address.path : formatHostPort(address.host, address.port);
}
