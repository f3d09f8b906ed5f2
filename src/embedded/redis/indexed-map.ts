/**
 * A string-keyed map whose entries also sit in a dense array, for the keyspace, hashes, sets and sorted sets.
 * The array gives what Map cannot: a random entry in O(1) (RANDOMKEY, SPOP, eviction samples) and a stateless SCAN cursor.
 * Removal moves the last entry into the hole. SCAN therefore walks from the end to the start: an entry that moves is
 * always one already visited, or one that moves to a place still ahead, so entries present throughout are never missed.
 * All operations are O(1); iteration order is insertion order until something is removed.
 */
export class IndexedMap<V> {
  readonly #places = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #values: V[] = [];

  get size(): number {
    return this.#keys.length;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  get(key: string): V | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#values[place];
  }

  /** Adds or replaces. True when the key was new. */
  set(key: string, value: V): boolean {
    const place = this.#places.get(key);
    if (place !== undefined) {
      this.#values[place] = value;
      return false;
    }
    this.#places.set(key, this.#keys.length);
    this.#keys.push(key);
    this.#values.push(value);
    return true;
  }

  delete(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    this.#places.delete(key);
    const lastKey = this.#keys.pop()!;
    const lastValue = this.#values.pop()!;
    if (lastKey !== key) {
      this.#keys[place] = lastKey;
      this.#values[place] = lastValue;
      this.#places.set(lastKey, place);
    }
    return true;
  }

  clear(): void {
    this.#places.clear();
    this.#keys.length = 0;
    this.#values.length = 0;
  }

  /** The keys in their present order. A view for reading: do not hold it across a change. */
  keys(): readonly string[] {
    return this.#keys;
  }

  values(): readonly V[] {
    return this.#values;
  }

  keyAt(place: number): string {
    return this.#keys[place]!;
  }

  valueAt(place: number): V {
    return this.#values[place]!;
  }

  /** `random` gives numbers in [0, 1). Undefined when the map is empty. */
  randomKey(random: () => number): string | undefined {
    return this.#keys[Math.floor(random() * this.#keys.length)];
  }

  /**
   * Visits up to `count` entries and returns the cursor to continue from; 0 when the walk is complete. A cursor from
   * before removals may lie past the end: the walk then starts from the end again, which repeats but never skips.
   */
  scan(cursor: number, count: number, visit: (key: string, value: V) => void): number {
    let place = cursor === 0 ? this.#keys.length : Math.min(cursor, this.#keys.length);
    const stop = Math.max(0, place - count);
    while (place > stop) {
      place -= 1;
      visit(this.#keys[place]!, this.#values[place]!);
    }
    return place;
  }
}
