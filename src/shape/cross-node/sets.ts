/**
 * SUNION, SINTER, SDIFF and SINTERCARD over several nodes. Each node unites, intersects or subtracts the sets that it has,
 * as it would for a client, so that only its result travels:
 *
 *   SDIFF a b c d     a, c on node 1, b, d on node 2:     node 1: SDIFF a c     node 2: SUNION b d
 */
import { integerText, setText } from './answer-text.js';
import { elementsIn, membersIn, type ReplyBytes } from './node-reply.js';
import { readLimit } from './options.js';
import { askEachNode, type Planner, query } from './query.js';
import { differenceOf, intersectionOf, unionOf } from './set-algebra.js';

/** A single set is read as it is; the result would be the same. */
function reading(command: string, names: readonly Buffer[]): readonly (Buffer | string)[] {
  return names.length === 1 ? ['SMEMBERS', ...names] : [command, ...names];
}

export const planSetUnion: Planner = (keys) =>
  query(
    askEachNode(keys, (names) => reading('SUNION', names)),
    (replies, version) => setText(unionOf(replies.map(membersIn)), version),
  );

export const planSetIntersection: Planner = (keys) =>
  query(
    askEachNode(keys, (names) => reading('SINTER', names)),
    (replies, version) => setText(commonMembers(replies), version),
  );

export const planSetDifference: Planner = (keys) =>
  query(
    askEachNode(keys, (names, index) => reading(index === 0 ? 'SDIFF' : 'SUNION', names)),
    (replies, version) => {
      const [first, ...others] = replies.map(membersIn);
      return setText(differenceOf(first!, others), version);
    },
  );

export const planSetIntersectionCount: Planner = (keys, words) => {
  const options = readLimit(words);
  if ('error' in options) return options;
  return query(
    askEachNode(keys, (names) => reading('SINTER', names)),
    (replies) => {
      const { size } = commonMembers(replies);
      return integerText(options.limit > 0 ? Math.min(size, options.limit) : size);
    },
  );
};

function commonMembers(replies: readonly ReplyBytes[]): Set<string> {
  const smallestFirst = [...replies].sort((a, b) => elementsIn(a) - elementsIn(b));
  return intersectionOf(smallestFirst.map(membersIn));
}
