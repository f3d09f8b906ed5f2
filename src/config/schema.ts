/**
 * The configuration: `configSchema` describes the YAML file, `Config` is what the rest of the program sees.
 * Other code reads only `Config`: plain data, complete (no default left to fill in), units in the names, frozen at every
 * depth, and fit to be sent to a worker process as it is. load.ts makes it; a reload makes another one.
 */
import { z } from 'zod';
import { choice, duration } from './fields.js';
import { limitsSchema, type Limits } from './limits.js';
import { listenerSchema, type ListenerConfig } from './listener.js';
import { poolSchema, type PoolConfig } from './pool.js';
import { showValue } from './show-value.js';
import { statsSchema, type StatsConfig } from './stats.js';

// Everything that readers of a Config need comes from this file.
export type { BindAddress } from './address.js';
export type { Limits } from './limits.js';
export type { ListenerConfig } from './listener.js';
export type { NodeAddress, NodeConfig } from './node.js';
export type { PartitioningConfig } from './partitioning.js';
export type { NodeAuth, PoolConfig } from './pool.js';
export type { Protocol } from './protocol.js';
export type { StatsConfig } from './stats.js';

export const WORKERS_MAX = 128;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;

export interface LogConfig {
  readonly level: (typeof LOG_LEVELS)[number];
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number];
  /** File that lines are appended to; null: standard output. */
  readonly file: string | null;
}

export interface Config {
  readonly clusterName: string;
  /** Worker processes; 0 means that everything runs in one process. `auto` is already resolved. */
  readonly workers: number;
  /** At least one, in the file's order. */
  readonly listeners: readonly ListenerConfig[];
  /** At least one, in the file's order. Some may have no listener. */
  readonly pools: readonly PoolConfig[];
  readonly limits: Limits;
  /** After a signal to stop: how long requests in flight may take before connections are closed. */
  readonly drainTimeoutMs: number;
  readonly log: LogConfig;
  /** Null: no statistics are served. */
  readonly stats: StatsConfig | null;
}

const NAME_EXPECTED = '1 to 64 letters, digits, ".", "_" or "-"';
export const isName = (value: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);

const clusterSchema = z
  .strictObject({
    name: z
      .string()
      .refine(isName, { error: (issue) => `expected ${NAME_EXPECTED}, got ${showValue(issue.input)}` })
      .default('ringward')
      .meta({ description: 'Name of this cluster in logs and metrics.', 'x-type': NAME_EXPECTED }),
  })
  .prefault({});

const workersSchema = z
  .unknown()
  .transform((value, context): number | 'auto' => {
    if (value === 'auto') return value;
    if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= WORKERS_MAX) return Number(value);
    const message = `expected auto or a whole number from 0 to ${WORKERS_MAX}, got ${showValue(value)}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .prefault('auto')
  .meta({
    description: 'Worker processes. `auto`: one per CPU core that is available. 0: everything in one process.',
    anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 0, maximum: WORKERS_MAX }],
    'x-type': '`auto` or whole number',
    'x-range': `0 to ${WORKERS_MAX}`,
  });

export const configSchema = z
  .strictObject({
    cluster: clusterSchema,
    workers: workersSchema,
    listeners: z.array(listenerSchema).min(1).max(256).meta({ description: 'Addresses that clients connect to.' }),
    pools: z
      .record(z.string().refine(isName, { error: `expected a pool name of ${NAME_EXPECTED}` }), poolSchema)
      .meta({ description: 'Groups of nodes, by name.' }),
    limits: limitsSchema,
    timeouts: z
      .strictObject({
        drain: duration(
          '10s',
          { min: '1ms', max: '10m', zero: true },
          'After SIGTERM: how long requests in flight may take before connections are closed. 0: not at all.',
        ),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: choice('info', LOG_LEVELS, 'The least severe level that is logged.'),
        format: choice('auto', LOG_FORMATS, 'How lines look. `auto`: pretty on a terminal, JSON elsewhere.'),
        file: z
          .string()
          .min(1)
          .max(4096)
          .meta({
            description: 'File that lines are appended to. Opened anew on SIGHUP, for log rotation.',
            'x-type': 'path',
            'x-default': 'standard output',
          })
          .optional(),
      })
      .prefault({}),
    stats: statsSchema.optional(),
  })
  .meta({ title: 'Ringward configuration' });

export type ConfigFields = z.output<typeof configSchema>;
