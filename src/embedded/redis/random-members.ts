/**
 * Picks for HRANDFIELD, SRANDMEMBER and ZRANDMEMBER over an IndexedMap: a positive count gives distinct places in O(count)
 * extra memory, a negative one gives that many with repeats, one at a time, so that a huge count hits the output bound.
 */
export function* randomPlaces(size: number, count: number, random: () => number): Generator<number> {
  if (count < 0) {
    for (let picked = 0; picked < -count; picked += 1) yield Math.floor(random() * size);
    return;
  }
  const wanted = Math.min(count, size);
  // A partial Fisher-Yates shuffle whose moved places live in a map, so that 1 of a million costs one entry.
  const moved = new Map<number, number>();
  for (let picked = 0; picked < wanted; picked += 1) {
    const place = picked + Math.floor(random() * (size - picked));
    yield moved.get(place) ?? place;
    moved.set(place, moved.get(picked) ?? picked);
  }
}

/** How many places `randomPlaces` yields. */
export function randomPlacesCount(size: number, count: number): number {
  return count < 0 ? -count : Math.min(count, size);
}
