/**
 * What a command over keys of several nodes becomes: requests to the nodes that read what lies there, and a function that
 * makes the answer of their replies. Planned anew for each request (sets.ts, sorted-sets.ts, hyperloglogs.ts), from the
 * keys and the words behind them.
 */
import { encodeRequest } from '../../protocol/resp/inline.js';
import { isErrorReply, type ReplyBytes, textOf } from './node-reply.js';

/** A key of the client's request. The bytes are valid during planning only. */
export interface NodeKey {
  readonly name: Buffer;
  readonly node: number;
}

/** One request to one node. */
export interface Ask {
  readonly node: number;
  readonly request: Buffer;
}

/**
 * The answer as text, one character per byte. Everything that can go wrong does so before the first piece.
 * @throws UnexpectedReply when a node has answered another question.
 */
export type Answer = (replies: readonly ReplyBytes[], version: 2 | 3) => Iterable<string>;

export interface Query {
  /** At least one; the replies come in the same order, and may be errors. */
  readonly asks: readonly Ask[];
  readonly answer: Answer;
}

/** `words`: the request's arguments behind the keys. `error` is a text for the client. */
export type Planner = (keys: readonly NodeKey[], words: readonly string[]) => Query | { readonly error: string };

/** A query whose answer is the first error among the replies, if there is one. */
export function query(asks: readonly Ask[], answer: Answer): Query {
  return {
    asks,
    answer: (replies, version) => {
      const error = replies.find(isErrorReply);
      return error === undefined ? answer(replies, version) : [textOf(error)];
    },
  };
}

function ask(node: number, ...words: readonly (Buffer | string)[]): Ask {
  return { node, request: encodeRequest(words) };
}

/** One request for each node, made from the names of its keys; the first key's node comes first. */
export function askEachNode(
  keys: readonly NodeKey[],
  words: (names: readonly Buffer[], index: number) => readonly (Buffer | string)[],
): Ask[] {
  const namesByNode = new Map<number, Buffer[]>();
  for (const { name, node } of keys) {
    const names = namesByNode.get(node);
    if (names === undefined) namesByNode.set(node, [name]);
    else names.push(name);
  }
  return [...namesByNode].map(([node, names], index) => ask(node, ...words(names, index)));
}

/** One request for each key, given twice or not, and for each key of the client the index of its request. */
export function askEachKey(
  keys: readonly NodeKey[],
  words: (name: Buffer) => readonly (Buffer | string)[],
): { readonly asks: readonly Ask[]; readonly askOf: readonly number[] } {
  const indexByName = new Map<string, number>();
  const asks: Ask[] = [];
  const askOf = keys.map(({ name, node }) => {
    const text = name.toString('latin1');
    let index = indexByName.get(text);
    if (index === undefined) {
      index = asks.push(ask(node, ...words(name))) - 1;
      indexByName.set(text, index);
    }
    return index;
  });
  return { asks, askOf };
}
