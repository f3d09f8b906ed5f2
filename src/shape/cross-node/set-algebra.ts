/**
 * Unions, intersections and differences of sets, as SUNION, SINTER and SDIFF define them. Members are byte strings, one
 * character per byte. Pure; what is read only once is an iterable, so that a reply need not become a set of its own.
 */
type Members = Iterable<string>;

export function unionOf(sets: readonly Members[]): Set<string> {
  const result = new Set<string>();
  for (const members of sets) for (const member of members) result.add(member);
  return result;
}

/** Members that all sets have; cheapest when the first is the smallest. No sets at all have none. */
export function intersectionOf(sets: readonly Members[]): Set<string> {
  const [first = [], ...others] = sets;
  let result = new Set<string>(first);
  for (const members of others) {
    if (result.size === 0) return result;
    const common = new Set<string>();
    for (const member of members) if (result.has(member)) common.add(member);
    result = common;
  }
  return result;
}

/** Members of the first set that no other has. */
export function differenceOf(first: Members, others: readonly Members[]): Set<string> {
  const result = new Set<string>(first);
  for (const members of others) for (const member of members) result.delete(member);
  return result;
}
