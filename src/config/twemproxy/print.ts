/**
 * A Config that came from a twemproxy file, as the text of a Ringward file with comments. Only what such a Config can
 * hold is printed; everything else has the default there and so needs no line. import.ts reads the text back and compares.
 */
import { formatBind } from '../address.js';
import { formatDurationMs } from '../duration.js';
import { formatNodeAddress } from '../node.js';
import type { Config, ListenerConfig, NodeConfig, PoolConfig } from '../schema.js';
import { formatSizeBytes } from '../size.js';

export function printRingward(config: Config, source: string, warnings: readonly string[]): string {
  return [
    `# Made from the twemproxy file ${JSON.stringify(source)}. Every key stays on the node where it was:`,
    '# algorithm, hash, hash_tag, weights and the names of the nodes decide that, so leave them as they are.',
    ...warnings.map((warning) => `# Note: ${warning}`),
    '',
    '# One process for each CPU core. Each opens its own connections to the nodes; 0: everything in one process.',
    'workers: auto',
    '',
    'listeners:',
    ...config.listeners.flatMap(listenerLines),
    '',
    'pools:',
    ...config.pools.flatMap(poolLines),
    ...statsLines(config),
    '',
  ].join('\n');
}

function listenerLines(listener: ListenerConfig): string[] {
  const { name, bind, pool, backlog, password, database } = listener;
  const lines = [
    `name: ${quote(name)}`,
    `bind: ${quote(formatBind(bind))}`,
    `pool: ${quote(pool)}`,
    `backlog: ${backlog}`,
  ];
  if (bind.kind === 'unix' && bind.mode !== null) lines.push(`unix_mode: "${bind.mode.toString(8).padStart(4, '0')}"`);
  if (password !== null) {
    lines.push(
      '# What clients must log in with. Better kept apart: password_file: FILE, or "${NAME}" from the environment.',
    );
    lines.push(`password: ${quote(password)}`);
  }
  if (database !== 0) lines.push(`database: ${database}`);
  return lines.map((line, index) => `  ${index === 0 ? '-' : ' '} ${line}`);
}

function poolLines(pool: PoolConfig): string[] {
  const { algorithm, hash, hashTag } = pool.partitioning;
  const partitioning =
    algorithm === 'random'
      ? '{ algorithm: random }'
      : `{ algorithm: ${algorithm}, hash: ${hash}, hash_tag: ${quote(hashTag ?? '')} }`;
  const timeout = formatDurationMs(pool.requestTimeoutMs);
  const lines = [
    `protocol: ${pool.protocol}`,
    `partitioning: ${partitioning}`,
    `timeouts: { connect: ${formatDurationMs(pool.connectTimeoutMs)}, request: ${timeout} }${timeout === '0' ? ' # 0: none' : ''}`,
    `connections: ${pool.connectionsPerNode}`,
  ];
  if (pool.protocol === 'redis') lines.push(`databases: ${pool.databases}`);
  else lines.push(`value_size: ${formatSizeBytes(pool.valueBytesMax)}`);
  if (pool.auth !== null) {
    lines.push('# How the proxy logs in to the nodes.', `auth: { password: ${quote(pool.auth.password)} }`);
  }
  lines.push('nodes:', ...pool.nodes.map((node) => nodeLine(node, algorithm === 'random')));
  return [`  ${quote(pool.name)}:`, ...lines.map((line) => `    ${line}`)];
}

/** `name` is said where it differs from the id; random places by neither, and takes no name. */
function nodeLine({ id, ringName, address, weight }: NodeConfig, isRandom: boolean): string {
  const fields = [
    ...(id === formatNodeAddress(address) ? [] : [`id: ${quote(id)}`]),
    ...(address.kind === 'unix'
      ? [`socket: ${quote(address.path)}`]
      : [`host: ${quote(address.host)}`, `port: ${address.port}`]),
    ...(ringName === id || isRandom ? [] : [`name: ${quote(ringName)}`]),
    ...(weight === 1 ? [] : [`weight: ${weight}`]),
  ];
  return `  - { ${fields.join(', ')} }`;
}

function statsLines({ stats }: Config): string[] {
  if (stats === null) return [];
  return [
    '',
    "# Statistics in twemproxy's form, at its default address. Anybody who can connect can read them.",
    `stats: { bind: ${quote(formatBind(stats.bind))}, interval: ${formatDurationMs(stats.intervalMs)} }`,
  ];
}

/** A plain word where YAML leaves it one, else a double-quoted string. */
function quote(text: string): string {
  return /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
