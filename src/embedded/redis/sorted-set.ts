/**
 * A Redis sorted set: an array sorted by score, then by member bytes, beside a map from member to score.
 * Finding a rank or a bound is a binary search; an insert or removal also moves the array's tail, which is fast to about
 * 100 000 members (measured in docs/embedded-nodes.md) and then grows with the size. No limit is enforced but memory.
 */
import { IndexedMap } from './indexed-map.js';

const MEMBER_BYTES = 160;

export interface ScoredMember {
  readonly member: string;
  readonly score: number;
}

/** Ranks `start` to `end`, without `end`; empty when start >= end. */
export interface RankRange {
  readonly start: number;
  readonly end: number;
}

export class SortedSet {
  readonly type = 'zset';
  readonly members = new IndexedMap<ScoredMember>();
  bytes = 0;
  #sorted: ScoredMember[] = [];

  static of(members: Iterable<ScoredMember>): SortedSet {
    const set = new SortedSet();
    for (const each of members) {
      set.members.set(each.member, each);
      set.bytes += MEMBER_BYTES + each.member.length;
    }
    set.#sorted = [...members].sort(compare);
    return set;
  }

  get size(): number {
    return this.#sorted.length;
  }

  scoreOf(member: string): number | undefined {
    return this.members.get(member)?.score;
  }

  /** True when the member was new. */
  set(member: string, score: number): boolean {
    const before = this.members.get(member);
    if (before?.score === score) return false;
    if (before) this.#sorted.splice(this.#placeOf(before), 1);
    else this.bytes += MEMBER_BYTES + member.length;
    const entry = { member, score };
    this.members.set(member, entry);
    if (this.#sorted.length === 0 || compare(this.#sorted.at(-1)!, entry) < 0) this.#sorted.push(entry);
    else this.#sorted.splice(this.#placeOf(entry), 0, entry);
    return before === undefined;
  }

  delete(member: string): boolean {
    const before = this.members.get(member);
    if (!before) return false;
    this.members.delete(member);
    this.#sorted.splice(this.#placeOf(before), 1);
    this.bytes -= MEMBER_BYTES + member.length;
    return true;
  }

  rankOf(member: string): number | undefined {
    const entry = this.members.get(member);
    return entry && this.#placeOf(entry);
  }

  at(rank: number): ScoredMember | undefined {
    return this.#sorted[rank];
  }

  slice(range: RankRange): ScoredMember[] {
    return range.start < range.end ? this.#sorted.slice(range.start, range.end) : [];
  }

  removeRange(range: RankRange): ScoredMember[] {
    if (range.start >= range.end) return [];
    const removed = this.#sorted.splice(range.start, range.end - range.start);
    for (const { member } of removed) {
      this.members.delete(member);
      this.bytes -= MEMBER_BYTES + member.length;
    }
    return removed;
  }

  /** The first rank whose entry satisfies `isAtOrAfter`, which must be false and then true along the order. */
  firstRank(isAtOrAfter: (entry: ScoredMember) => boolean): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAtOrAfter(this.#sorted[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  copy(): SortedSet {
    return SortedSet.of(this.#sorted);
  }

  #placeOf(entry: ScoredMember): number {
    return this.firstRank((other) => compare(other, entry) >= 0);
  }
}

/** Binary strings compare by code unit, which is memcmp's order of the bytes. */
function compare(a: ScoredMember, b: ScoredMember): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  if (a.member === b.member) return 0;
  return a.member < b.member ? -1 : 1;
}
