/**
 * What the proxy does with one command, as a value: which shape serves it, how replies of several nodes become one, and
 * what people should know about it. policy.ts gives each command its handling; the lists it reads are in policy/, one
 * file per topic. Shapes (src/shape), COMMAND and docs/commands.md read these values. Pure data.
 */

export type HandlingKind =
  /** Exactly one key: passes to its node unchanged. */
  | 'single'
  /** Several keys, or a number of them that the arguments decide: passes when one node has them all, else CROSSSLOT. */
  | 'same_node'
  /** Keys of several nodes: cut into one request per node, whose replies are merged. */
  | 'split'
  /** Goes to every node, and the replies are merged. */
  | 'broadcast'
  /** SCAN: one node after the other, the cursor says which. */
  | 'scan'
  /** Opens, closes or guards a transaction. */
  | 'transaction'
  /** May block: has a connection to its node to itself meanwhile. */
  | 'blocking'
  /** Subscriptions and what is published. */
  | 'pubsub'
  /** Scripts and functions: by their keys, or to any node without. */
  | 'script'
  /** No key: passes to one node, whichever it is. */
  | 'any_node'
  /** Answered by the proxy, for the session or from its own table. */
  | 'local'
  /** Refused with an error that says why. */
  | 'unsupported';

/** How the replies of several nodes become one. */
export type Merge =
  | ''
  /** Arrays of values, put back in the order of the keys. */
  | 'mget'
  /** OK when all parts said so, else the first error. */
  | 'mset'
  /** Integers, added up. */
  | 'sum'
  /** The smallest of integers. */
  | 'min'
  /** The first node's reply when every node succeeded, else the error. */
  | 'all_succeeded'
  /** The first reply that is no error. */
  | 'one_succeeded'
  /** Arrays of 0 and 1: 1 where every node has 1. */
  | 'logical_and'
  /** Arrays, one behind the other. */
  | 'union'
  /** A text of each node under its name. */
  | 'texts'
  /** As the command needs it: src/shape/broadcast has a file for it. */
  | 'special';

export interface Handling {
  readonly kind: HandlingKind;
  /** Empty for a command that goes to every node: as its response policy in the table says. */
  readonly merge: Merge;
  /** The argument that decides the node although it is no key: a channel's name. 0: keys do, or nothing does. */
  readonly routedBy: number;
  /** True when only a form of it blocks (XREAD): ask `blockPosition`. */
  readonly mayBlock: boolean;
  /** Why it is refused, for people. Else empty. */
  readonly reason: string;
  /** What users must know about it; shown in docs/commands.md. May be empty. */
  readonly note: string;
}

export type HandlingList = Readonly<Record<string, Handling>>;

export function handled(kind: HandlingKind, more: Partial<Omit<Handling, 'kind'>> = {}): Handling {
  return Object.freeze({ kind, merge: '', routedBy: 0, mayBlock: false, reason: '', note: '', ...more });
}

export function refused(reason: string): Handling {
  return handled('unsupported', { reason });
}
