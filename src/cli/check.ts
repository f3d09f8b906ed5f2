/**
 * `ringward check --config FILE`: says whether a configuration can be used, without starting anything.
 * Secrets are resolved too, so run it with the environment that the proxy will have.
 */
import type { CommandModule } from 'yargs';
import { formatBind } from '../config/address.js';
import { loadFile } from '../config/load.js';
import type { Config, ListenerConfig, PoolConfig } from '../config/schema.js';
import { configOption } from './config-option.js';
import { lookUpListenNames } from './listen-names.js';

interface CheckArguments {
  readonly config: string;
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check',
  describe: 'Check a configuration file and summarise it',
  builder: (command) => command.option('config', configOption),
  handler: ({ config }) => checkFile(config),
};

/** Prints the summary, and warnings on standard error. @throws {ConfigError} when the file cannot be used. */
export async function checkFile(file: string): Promise<void> {
  const loaded = loadFile(file);
  await lookUpListenNames(loaded);
  for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
  const kind = loaded.kind === 'twemproxy' ? ' (a twemproxy file)' : '';
  process.stdout.write(`${file}: ok${kind}\n${summarize(loaded.config)}`);
}

/** A few lines: one for the process, one per listener, one per pool. */
export function summarize(config: Config): string {
  const workers = config.workers === 0 ? 'one process' : count(config.workers, 'worker');
  const lines = [
    `cluster ${config.clusterName}: ${workers}`,
    ...config.listeners.map((listener) => describeListener(listener)),
    ...config.pools.map((pool) => describePool(pool)),
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}

function describeListener({ name, protocol, bind, pool }: ListenerConfig): string {
  return `listener ${name}: ${protocol} on ${formatBind(bind)}, pool ${pool}`;
}

function describePool({ name, protocol, nodes, partitioning }: PoolConfig): string {
  const hash = partitioning.algorithm === 'random' ? '' : ` (${partitioning.hash})`;
  return `pool ${name}: ${count(nodes.length, `${protocol} node`)}, ${partitioning.algorithm}${hash}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
