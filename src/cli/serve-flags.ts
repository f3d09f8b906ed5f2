/**
 * The flags of `serve` that change what the configuration says: most of them are nutcracker's, under the same letters,
 * so that a service definition written for it goes on working. docs/migrating-from-twemproxy.md has the table.
 */
import type { Argv } from 'yargs';
import { availableParallelism } from 'node:os';
import { isHost } from '../config/address.js';
import { WORKERS_MAX, type Config, type LogConfig, type StatsConfig } from '../config/schema.js';
import { UsageError } from './failure.js';

export interface ServeFlags {
  readonly output: string | undefined;
  readonly verbose: number | undefined;
  readonly stats: boolean;
  readonly 'stats-port': number | undefined;
  readonly 'stats-addr': string | undefined;
  readonly 'stats-interval': number | undefined;
  readonly 'mbuf-size': number | undefined;
  readonly workers: string | undefined;
}

const PORT_MAX = 65_535;
const INTERVAL_MS_MAX = 3_600_000;
const STATS_PORT_DEFAULT = 22_222;
const STATS_ADDRESS_DEFAULT = '0.0.0.0';
const STATS_INTERVAL_MS_DEFAULT = 30_000;
const VERBOSE_MAX = 11;
/** nutcracker's 0 to 11, which are syslog's names and four degrees of debugging. */
const LEVELS: readonly LogConfig['level'][] = [
  ...(['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug', 'debug'] as const),
  ...(['trace', 'trace', 'trace'] as const),
];

export function addServeFlags<Options>(command: Argv<Options>) {
  return command
    .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Append the log to this file' })
    .option('verbose', {
      alias: 'v',
      type: 'number',
      requiresArg: true,
      describe: `Log level, 0 to ${VERBOSE_MAX}: 3 errors, 4 warnings, 5 info, 7 debug`,
    })
    .option('stats', { type: 'boolean', default: true, describe: 'Serve statistics; --no-stats: not' })
    .option('stats-port', { alias: 's', type: 'number', requiresArg: true, describe: 'Port of the statistics' })
    .option('stats-addr', { alias: 'a', type: 'string', requiresArg: true, describe: 'Address of the statistics' })
    .option('stats-interval', {
      alias: 'i',
      type: 'number',
      requiresArg: true,
      describe: 'Age that statistics may have, in milliseconds',
    })
    .option('mbuf-size', {
      alias: 'm',
      type: 'number',
      requiresArg: true,
      describe: 'Taken and without effect: buffers grow as they must',
    })
    .option('workers', { type: 'string', requiresArg: true, describe: 'Worker processes: a number, or auto' });
}

/** The configuration with the flags laid over it. @throws UsageError for a value that is out of bounds. */
export function applyServeFlags(config: Config, flags: ServeFlags): Config {
  const { verbose, output } = flags;
  if (flags['mbuf-size'] !== undefined) whole('--mbuf-size', flags['mbuf-size'], 512, 16_777_216);
  return {
    ...config,
    workers: flags.workers === undefined ? config.workers : workersOf(flags.workers),
    stats: statsOf(config.stats, flags),
    log: {
      ...config.log,
      ...(verbose === undefined ? {} : { level: LEVELS[whole('--verbose', verbose, 0, VERBOSE_MAX)]! }),
      ...(output === undefined ? {} : { file: output }),
    },
  };
}

function statsOf(stats: StatsConfig | null, flags: ServeFlags): StatsConfig | null {
  const { 'stats-port': port, 'stats-addr': host, 'stats-interval': intervalMs } = flags;
  if (!flags.stats) return null;
  if (port === undefined && host === undefined && intervalMs === undefined) return stats;
  if (host !== undefined && !isHost(host))
    throw new UsageError(`--stats-addr takes a host or an address, got "${host}"`);
  const base = stats?.bind ?? { host: STATS_ADDRESS_DEFAULT, port: STATS_PORT_DEFAULT };
  const isMoved = port !== undefined || host !== undefined || stats === null;
  return {
    bind: isMoved
      ? {
          kind: 'tcp',
          host: host ?? base.host,
          port: port === undefined ? base.port : whole('--stats-port', port, 1, PORT_MAX),
        }
      : stats.bind,
    intervalMs:
      intervalMs === undefined
        ? (stats?.intervalMs ?? STATS_INTERVAL_MS_DEFAULT)
        : whole('--stats-interval', intervalMs, 1, INTERVAL_MS_MAX),
  };
}

function workersOf(text: string): number {
  if (text === 'auto') return Math.min(availableParallelism(), WORKERS_MAX);
  return whole('--workers', /^\d+$/.test(text) ? Number(text) : Number.NaN, 0, WORKERS_MAX);
}

function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`${option} takes a whole number from ${min} to ${max}, got ${value}`);
}
