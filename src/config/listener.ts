/**
 * One address that clients connect to: its schema, and what the rest of the program sees of it.
 */
import { z } from 'zod';
import { formatBind, parseBind, type BindAddress } from './address.js';
import { integer, word } from './fields.js';
import { passwordFields } from './secret-fields.js';
import { PROTOCOLS, type Protocol } from './protocol.js';
import { showValue } from './show-value.js';

export interface ListenerConfig {
  /** Unique among the listeners. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly bind: BindAddress;
  /** Name of a pool in the same configuration, of the same protocol. */
  readonly pool: string;
  readonly backlog: number;
  /** What clients must log in with before anything else; null: no password. Never log it. */
  readonly password: string | null;
  /** The database that sessions start in. */
  readonly database: number;
}

const BIND_EXPECTED = '`host:port`, `[v6]:port` or `/path.sock`';

export const listenerSchema = z.strictObject({
  name: word(
    '1 to 64 letters, digits, `.`, `_`, `-`, `:`, `/`, `[` or `]`',
    (value) => /^[A-Za-z0-9._:/[\]-]{1,64}$/.test(value),
    'Name of the listener in logs and metrics.',
  )
    .meta({ 'x-default': 'the `bind` text' })
    .optional(),
  protocol: z
    .enum(PROTOCOLS)
    .meta({ description: "What clients speak here. Must be the pool's protocol.", 'x-default': "the pool's" })
    .optional(),
  bind: z
    .string()
    .transform((value, context): BindAddress => {
      const bind = parseBind(value);
      if (bind !== null) return bind;
      const expected = 'host:port, [v6]:port or an absolute socket path';
      context.addIssue({ code: 'custom', message: `expected ${expected}, got ${showValue(value)}` });
      return z.NEVER;
    })
    .meta({
      description:
        'Where to listen. Port 0 lets the system choose one. A path makes a unix socket (at most 103 bytes long).',
      'x-type': BIND_EXPECTED,
    }),
  pool: z.string().meta({ description: 'Name of the pool that serves this listener.', 'x-type': 'pool name' }),
  backlog: integer(511, 1, 65_535, 'Connections that may wait to be accepted. The system may cap it lower.'),
  database: integer(
    0,
    0,
    65_535,
    'Database that sessions start in, below `databases` of the pool. Only for redis pools.',
  ),
  ...passwordFields('Password that clients must give (AUTH or HELLO) before any other command. Only for redis pools.'),
  unix_mode: z
    .string()
    .refine((value) => parseMode(value) !== null, {
      error: (issue) => `expected octal digits in quotes such as "0660", got ${showValue(issue.input)}`,
    })
    .meta({
      description: 'Permission bits of the socket file, in quotes. Only for a unix socket.',
      'x-type': 'octal digits such as `"0660"`',
      'x-default': "the process's umask decides",
    })
    .optional(),
});

export type ListenerFields = z.output<typeof listenerSchema>;

/** Fills in what depends on the pool. */
export function resolveListener(
  fields: ListenerFields,
  poolProtocol: Protocol,
  password: string | null,
): ListenerConfig {
  const { bind, pool, backlog, database } = fields;
  const mode = fields.unix_mode === undefined ? null : parseMode(fields.unix_mode);
  return {
    name: listenerName(fields),
    protocol: fields.protocol ?? poolProtocol,
    bind: bind.kind === 'unix' ? { ...bind, mode } : bind,
    pool,
    backlog,
    password,
    database,
  };
}

/** The given name, else the bind text. */
export function listenerName(fields: ListenerFields): string {
  return fields.name ?? formatBind(fields.bind);
}

function parseMode(text: string): number | null {
  return /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : null;
}
