/**
 * How a pool shares its keys: the schema side of src/routing, which owns the names, the defaults and the rules between
 * them. `partitionerOptions` is the one way from a pool's configuration to a Partitioner, so that the data plane,
 * `ringward route` and the checks place keys alike.
 */
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { defaultReplicas } from '../routing/consistent-hashing.js';
import { defaultHash, hashNames, type HashName } from '../routing/hash.js';
import {
  Partitioner,
  defaultAlgorithm,
  partitioningAlgorithms,
  replicasMax,
  type PartitionerOptions,
  type PartitioningAlgorithm,
} from '../routing/partitioner.js';
import { choice } from './fields.js';
import type { NodeConfig } from './node.js';
import type { Path, Problem } from './problem.js';
import { showValue } from './show-value.js';

export interface PartitioningConfig {
  readonly algorithm: PartitioningAlgorithm;
  readonly hash: HashName;
  /** Points on the ring for a node of weight 1; null when the algorithm has no such points. */
  readonly replicas: number | null;
  /** Two one-byte characters, or null when tags are off. */
  readonly hashTag: string | null;
}

export const partitioningSchema = z
  .strictObject({
    algorithm: choice(
      defaultAlgorithm,
      partitioningAlgorithms,
      'How the owner of a key is found. `ketama`, `modula` and `random` place keys as twemproxy does.',
    ),
    hash: z
      .enum(hashNames)
      .meta({
        description: 'Hash function for keys. `random` uses none, `redis_cluster` no other than `crc16`.',
        'x-default': `\`${defaultHash}\`; \`crc16\` for \`redis_cluster\``,
      })
      .optional(),
    replicas: z
      .int()
      .min(1)
      .max(replicasMax)
      .meta({
        description: 'Points on the ring for a node of weight 1. More are more even and take more memory.',
        'x-default': `\`${defaultReplicas}\` for \`consistent_hashing\`, which alone has it`,
      })
      .optional(),
    hash_tag: z
      .string()
      .refine((value) => value === '' || /^[\x21-\x7e]{2}$/.test(value), {
        error: (issue) => `expected two characters such as "{}", or "" to turn it off, got ${showValue(issue.input)}`,
      })
      .default('{}')
      .meta({
        description:
          'Two characters. Of a key that holds both with something between them, only that part is hashed, so `{user1}:a` and `{user1}:b` share a node. `""` turns it off.',
        'x-type': 'two characters, or `""`',
      }),
  })
  .prefault({});

export type PartitioningFields = z.output<typeof partitioningSchema>;

/** Fills in what depends on the algorithm. */
export function resolvePartitioning(fields: PartitioningFields): PartitioningConfig {
  const { algorithm } = fields;
  return {
    algorithm,
    hash: fields.hash ?? (algorithm === 'redis_cluster' ? 'crc16' : defaultHash),
    replicas: fields.replicas ?? (algorithm === 'consistent_hashing' ? defaultReplicas : null),
    hashTag: fields.hash_tag === '' ? null : fields.hash_tag,
  };
}

/** What `new Partitioner` takes for a pool. Its node indexes are those of `nodes`. */
export function partitionerOptions(
  nodes: readonly NodeConfig[],
  { algorithm, hash, replicas, hashTag }: PartitioningConfig,
  random: () => number,
): PartitionerOptions {
  return {
    nodes: nodes.map(({ id, weight, ringName }) => ({ id, weight, name: ringName })),
    algorithm,
    hash,
    ...(replicas === null ? {} : { replicas }),
    ...(hashTag === null ? {} : { hashTag }),
    random,
  };
}

/**
 * Fields that the algorithm would ignore, and what the Partitioner itself refuses, such as a ring of too many points.
 * `given` holds the keys that the file has. `nodes` have unique ids; an empty list skips the trial build.
 */
export function checkPartitioning(
  fields: PartitioningFields,
  given: ReadonlySet<string>,
  nodes: readonly NodeConfig[],
  path: Path,
): readonly Problem[] {
  const { algorithm } = fields;
  const ignored = [
    ...(algorithm === 'consistent_hashing' ? [] : ['replicas']),
    ...(algorithm === 'random' ? ['hash', 'hash_tag'] : []),
  ].filter((key) => given.has(key));
  if (ignored.length > 0) {
    return ignored.map((key) => ({ path: [...path, key], message: `${algorithm} does not use it`, atKey: true }));
  }
  if (algorithm === 'redis_cluster' && fields.hash_tag === '') {
    return [{ path: [...path, 'hash_tag'], message: 'redis_cluster has the hash tag "{}" and cannot do without' }];
  }
  if (nodes.length === 0) return [];
  try {
    new Partitioner(partitionerOptions(nodes, resolvePartitioning(fields), Math.random));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [{ path, message: error.message }];
    throw error;
  }
}
