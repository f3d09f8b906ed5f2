/**
 * `ringward route --config FILE --pool P KEY...`: which node owns a key, and why. Starts nothing and asks no node: the
 * answer follows from the file alone, by the same Partitioner that the proxy uses.
 */
import type { CommandModule } from 'yargs';
import { nearest } from '../config/nearest.js';
import { loadConfigFile } from '../config/load.js';
import { formatNodeAddress } from '../config/node.js';
import { partitionerOptions } from '../config/partitioning.js';
import type { Config, PoolConfig } from '../config/schema.js';
import type { Placement } from '../routing/distribution.js';
import { Partitioner, type Explanation } from '../routing/partitioner.js';
import { configOption } from './config-option.js';
import { UsageError } from './failure.js';

interface RouteArguments {
  readonly config: string;
  readonly pool: string | undefined;
  readonly hex: boolean;
  readonly json: boolean;
  readonly keys: readonly string[];
}

export const routeCommand: CommandModule<object, RouteArguments> = {
  command: 'route [keys..]',
  describe: 'Say which node owns each key, and why',
  builder: (command) =>
    command
      .positional('keys', {
        type: 'string',
        array: true,
        default: [],
        describe: 'Keys (after -- if one begins with a dash)',
      })
      .option('config', configOption)
      .option('pool', {
        alias: 'p',
        type: 'string',
        requiresArg: true,
        describe: 'Pool; may be left out if there is only one',
      })
      .option('hex', { type: 'boolean', default: false, describe: 'The keys are given as hexadecimal bytes' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON, one array with an object per key' })
      .example('$0 route --config ringward.yaml --pool main user:1', '')
      .example('$0 route --config ringward.yaml --hex 00ff --json', ''),
  handler: ({ config: file, pool: poolName, hex, json, keys: before, _: [, ...afterDashes] }) => {
    const keys = [...before, ...afterDashes.map(String)];
    if (keys.length === 0) throw new UsageError('route: give at least one key');
    // Arguments that are no UTF-8 have lost their bytes before they come here.
    const broken = hex ? undefined : keys.find((key) => key.includes('\ufffd'));
    if (broken !== undefined) {
      throw new UsageError(`route: ${JSON.stringify(broken)} is not UTF-8; give the key's bytes with --hex`);
    }
    const bytes = keys.map((key) => (hex ? parseHex(key) : Buffer.from(key)));
    const pool = choosePool(loadConfigFile(file), poolName);
    const partitioner = new Partitioner(partitionerOptions(pool.nodes, pool.partitioning, Math.random));
    const routes = bytes.map((key) => routeOf(key, partitioner, pool));
    process.stdout.write(json ? `${JSON.stringify(routes, null, 2)}\n` : routes.map(formatRoute).join(''));
  },
};

/** One key's route, in the form that `--json` prints. Keys that are not UTF-8 appear as hexadecimal only. */
export interface Route {
  readonly key: string | null;
  readonly keyHex: string;
  readonly pool: string;
  readonly algorithm: Explanation['algorithm'];
  readonly hashName: Explanation['hashName'];
  /** Null for `random`, which hashes nothing. */
  readonly hash: number | null;
  /** The part of the key that was hashed. */
  readonly hashedHex: string;
  readonly placement: Placement;
  readonly node: { readonly id: string; readonly address: string };
  readonly why: string;
}

export function routeOf(key: Buffer, partitioner: Partitioner, pool: PoolConfig): Route {
  const { algorithm, hashName, hash, hashed, placement, why } = partitioner.explain(key);
  const node = pool.nodes[placement.node]!;
  return {
    key: textOf(key),
    keyHex: key.toString('hex'),
    pool: pool.name,
    algorithm,
    hashName,
    hash: algorithm === 'random' ? null : hash,
    hashedHex: Buffer.from(hashed).toString('hex'),
    placement,
    node: { id: node.id, address: formatNodeAddress(node.address) },
    why,
  };
}

function formatRoute(route: Route): string {
  const { key, keyHex, hash, hashName, hashedHex, node, why } = route;
  const part = hashedHex === keyHex ? '' : ` of its tag ${showBytes(Buffer.from(hashedHex, 'hex'))}`;
  const address = node.id === node.address ? '' : ` (${node.address})`;
  return [
    key === null ? `0x${keyHex}` : JSON.stringify(key),
    `  node  ${node.id}${address}`,
    ...(hash === null ? [] : [`  hash  ${hash} (${hashName}${part})`]),
    ...placementLines(route.placement),
    `  why   ${why}`,
    '',
  ].join('\n');
}

function placementLines(placement: Placement): readonly string[] {
  switch (placement.kind) {
    case 'point':
      return [`  point ${placement.value} (${placement.index + 1} of ${placement.of})`];
    case 'slot':
      return [`  slot  ${placement.slot} of ${placement.of}`];
    case 'score':
    case 'drawn':
    case 'only':
      return [];
  }
}

function choosePool(config: Config, name: string | undefined): PoolConfig {
  const names = config.pools.map((pool) => pool.name);
  if (name === undefined) {
    if (names.length > 1) throw new UsageError(`route: say which pool with --pool: ${names.join(', ')}`);
    return config.pools[0]!;
  }
  const pool = config.pools.find((each) => each.name === name);
  if (pool !== undefined) return pool;
  const near = nearest(name, names);
  throw new UsageError(`route: no pool is named "${name}"${near === null ? '' : `; did you mean "${near}"?`}`);
}

function parseHex(text: string): Buffer {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new UsageError(`route: "${text}" is not pairs of hexadecimal digits`);
  return Buffer.from(text, 'hex');
}

/** The key as text when it is UTF-8, else null. */
function textOf(key: Buffer): string | null {
  const text = key.toString('utf8');
  return Buffer.from(text).equals(key) ? text : null;
}

function showBytes(bytes: Buffer): string {
  const text = textOf(bytes);
  return text === null ? `0x${bytes.toString('hex')}` : JSON.stringify(text);
}
