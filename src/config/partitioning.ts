/**
 * How a pool shares its keys: the schema side of src/routing, which owns the names of algorithms and hashes.
 */
import { z } from 'zod';
import { defaultHash, hashNames, type HashName } from '../routing/hash.js';
import { choice, integer } from './fields.js';
import type { Path, Problem } from './problem.js';
import { showValue } from './show-value.js';

// Until src/routing/partitioner.ts exports them.
const partitioningAlgorithms = ['consistent_hashing', 'ketama', 'modula', 'random'] as const;
type PartitioningAlgorithm = (typeof partitioningAlgorithms)[number];

export interface PartitioningConfig {
  readonly algorithm: PartitioningAlgorithm;
  readonly hash: HashName;
  /** Points on the ring for a node of weight 1. Only `consistent_hashing` reads it. */
  readonly replicas: number;
  /** Two one-byte characters, or '' when tags are off. */
  readonly hashTag: string;
}

/** Points or slots of one pool, 8 bytes each and per worker: bounds what weights and replicas multiply to. */
const POINTS_MAX = 1_048_576;

export const partitioningSchema = z
  .strictObject({
    algorithm: choice('consistent_hashing', partitioningAlgorithms, 'How the owner of a key is found.'),
    hash: choice(defaultHash, hashNames, 'Hash function for keys. Not for `random`, which hashes nothing.'),
    replicas: integer(160, 1, 4096, 'Points on the ring for a node of weight 1. Only for `consistent_hashing`.'),
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

/**
 * Fields that the algorithm does not read, and rings that would be too large. `given` holds the keys that the file has;
 * `weights` those of the pool's nodes.
 */
export function checkPartitioning(
  fields: PartitioningFields,
  given: ReadonlySet<string>,
  weights: readonly number[],
  path: Path,
): readonly Problem[] {
  const problems: Problem[] = [];
  const { algorithm } = fields;
  const unread = [
    ...(algorithm === 'consistent_hashing' ? [] : ['replicas']),
    ...(algorithm === 'random' ? ['hash', 'hash_tag'] : []),
  ];
  for (const key of unread.filter((name) => given.has(name))) {
    problems.push({ path: [...path, key], message: `${algorithm} does not use it`, atKey: true });
  }
  const weight = weights.reduce((sum, each) => sum + each, 0);
  const points = algorithm === 'consistent_hashing' ? weight * fields.replicas : algorithm === 'modula' ? weight : 0;
  if (points > POINTS_MAX) {
    const factors = algorithm === 'modula' ? 'sum of weights' : 'sum of weights times replicas';
    problems.push({
      path,
      message: `the ring would have ${points} points (${factors}); at most ${POINTS_MAX} are allowed`,
    });
  }
  return problems;
}

export function resolvePartitioning(fields: PartitioningFields): PartitioningConfig {
  return {
    algorithm: fields.algorithm,
    hash: fields.hash,
    replicas: fields.replicas,
    hashTag: fields.hash_tag,
  };
}
