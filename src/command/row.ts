/**
 * One command as the data describes it: words, not bit masks. The generated table is a list of these, and what a node
 * reports in its own COMMAND reply can be turned into them, so that both become `Command` objects the same way.
 * Terms are those of the Redis documentation, "Command key specifications".
 */

/** Where the search for keys begins. Positions count arguments, the command name is 0. */
export type BeginSearch =
  | { readonly type: 'index'; readonly position: number }
  /** After `keyword`, looked for forwards from `startFrom`, or backwards from the end when it is negative. */
  | { readonly type: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly type: 'unknown' };

/** How the keys lie from where the search began. */
export type FindKeys =
  /** `lastKey` counts from the first key, or from the end of the request when negative; `limit` 2: only half of the rest. */
  | { readonly type: 'range'; readonly lastKey: number; readonly step: number; readonly limit: number }
  /** A number of keys at `keyNumIndex`, the first of them at `firstKey`, both counted from where the search began. */
  | { readonly type: 'keynum'; readonly keyNumIndex: number; readonly firstKey: number; readonly step: number }
  | { readonly type: 'unknown' };

export interface KeySpecRow {
  readonly flags: readonly string[];
  readonly begin: BeginSearch;
  readonly find: FindKeys;
}

export interface CommandRow {
  /** Lower case; a subcommand is `container|word`. */
  readonly name: string;
  /** Arguments with the name (and the subcommand's word); negative: at least that many. */
  readonly arity: number;
  readonly group: string;
  readonly since: string;
  /** Empty when the command is not deprecated. */
  readonly deprecatedSince: string;
  /** Which projects have it: `redis`, `valkey`. */
  readonly origins: readonly string[];
  readonly flags: readonly string[];
  readonly categories: readonly string[];
  readonly tips: readonly string[];
  readonly keys: readonly KeySpecRow[];
}
