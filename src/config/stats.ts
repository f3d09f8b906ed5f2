/**
 * The `stats` section: where the statistics in twemproxy's form are served, and how fresh they are.
 */
import { z } from 'zod';
import { parseBind, type BindAddress } from './address.js';
import { duration } from './fields.js';
import { showValue } from './show-value.js';

export type TcpAddress = Extract<BindAddress, { kind: 'tcp' }>;

export interface StatsConfig {
  readonly bind: TcpAddress;
  /** Workers are asked for their counters at most this often. */
  readonly intervalMs: number;
}

export const statsSchema = z
  .strictObject({
    bind: z
      .string()
      .transform((value, context): TcpAddress => {
        const bind = parseBind(value);
        if (bind?.kind === 'tcp') return bind;
        context.addIssue({ code: 'custom', message: `expected host:port or [v6]:port, got ${showValue(value)}` });
        return z.NEVER;
      })
      .meta({
        description: 'Where to serve the statistics. Anybody who can connect can read them.',
        'x-type': '`host:port` or `[v6]:port`',
      }),
    interval: duration(
      '1s',
      { min: '1ms', max: '1h' },
      'Workers are asked for their counters at most this often; the numbers served may be as old.',
    ),
  })
  .meta({
    description:
      "Statistics in twemproxy's form: one JSON object for each connection, then it is closed. Without this section there are none.",
  });

export type StatsFields = z.output<typeof statsSchema>;

export function resolveStats(fields: StatsFields | undefined): StatsConfig | null {
  return fields === undefined ? null : { bind: fields.bind, intervalMs: fields.interval };
}
