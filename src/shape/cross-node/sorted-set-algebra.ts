/**
 * Unions, intersections and differences of sorted sets, as ZUNION, ZINTER and ZDIFF define them, with weights and
 * aggregates. Floating-point sums depend on their order, so inputs are combined as redis-server does it: the smallest
 * first, equal ones in the order of the keys. Infinity that meets its opposite, or a weight of 0, counts as 0.
 * Pure. Reference: zunionInterDiffGenericCommand in redis-server's t_zset.c.
 */
export type Aggregate = 'sum' | 'min' | 'max';
export type Scores = ReadonlyMap<string, number>;

export interface ScoredMember {
  readonly member: string;
  readonly score: number;
}

export interface WeightedScores {
  readonly scores: Scores;
  readonly weight: number;
}

type Combine = (before: number, score: number) => number;

const COMBINE: Readonly<Record<Aggregate, Combine>> = {
  sum: (before, score) => zeroIfNaN(before + score),
  // Not Math.min and Math.max: a score that is not a number leaves what was there, and so does an equal zero.
  min: (before, score) => (score < before ? score : before),
  max: (before, score) => (score > before ? score : before),
};

export function unionOfScores(inputs: readonly WeightedScores[], aggregate: Aggregate): Map<string, number> {
  const combine = COMBINE[aggregate];
  const result = new Map<string, number>();
  for (const { scores, weight } of smallestFirst(inputs)) {
    for (const [member, score] of scores) {
      const value = zeroIfNaN(score * weight);
      const before = result.get(member);
      result.set(member, before === undefined ? value : combine(before, value));
    }
  }
  return result;
}

export function intersectionOfScores(inputs: readonly WeightedScores[], aggregate: Aggregate): Map<string, number> {
  const combine = COMBINE[aggregate];
  const [first, ...others] = smallestFirst(inputs);
  const result = new Map<string, number>();
  for (const [member, score] of first?.scores ?? []) {
    let total = zeroIfNaN(score * first!.weight);
    const isEverywhere = others.every(({ scores, weight }) => {
      const other = scores.get(member);
      if (other !== undefined) total = combine(total, other * weight);
      return other !== undefined;
    });
    if (isEverywhere) result.set(member, total);
  }
  return result;
}

/** The order of a sorted set: by score, then by the bytes of the member. */
export function inOrder(scores: Iterable<readonly [string, number]>): ScoredMember[] {
  const members: ScoredMember[] = [];
  for (const [member, score] of scores) members.push({ member, score });
  return members.sort(compare);
}

function smallestFirst(inputs: readonly WeightedScores[]): readonly WeightedScores[] {
  return [...inputs].sort((a, b) => a.scores.size - b.scores.size);
}

function zeroIfNaN(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function compare(a: ScoredMember, b: ScoredMember): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  if (a.member === b.member) return 0;
  return a.member < b.member ? -1 : 1;
}
