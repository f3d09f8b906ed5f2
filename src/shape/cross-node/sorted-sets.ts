/**
 * ZUNION, ZINTER, ZDIFF and ZINTERCARD over several nodes. All of them take plain sets as well, whose members have a
 * score of 1; the nodes are asked with the same commands, which know that.
 *
 * Sums of scores depend on the order of the keys' sizes, so for ZUNION and ZINTER each key is read on its own. For the
 * others each node's part is exact: ZDIFF changes no score, and ZINTERCARD has none.
 * An error in the options is told after the keys have been looked at, because redis-server tells first when one of them
 * is of the wrong type.
 */
import { errorText, integerText, membersText } from './answer-text.js';
import { membersIn, scoresIn } from './node-reply.js';
import { readLimit, readSortedSetOptions, readWithScores } from './options.js';
import { askEachKey, askEachNode, type NodeKey, type Planner, type Query, query } from './query.js';
import { intersectionOf } from './set-algebra.js';
import { inOrder, intersectionOfScores, unionOfScores } from './sorted-set-algebra.js';

export const planSortedSetUnion: Planner = (keys, words) => planWeighted('ZUNION', unionOfScores, keys, words);

export const planSortedSetIntersection: Planner = (keys, words) =>
  planWeighted('ZINTER', intersectionOfScores, keys, words);

function planWeighted(
  command: string,
  combine: typeof unionOfScores,
  keys: readonly NodeKey[],
  words: readonly string[],
): Query {
  const { asks, askOf } = askEachKey(keys, (name) => [command, '1', name, 'WITHSCORES']);
  const options = readSortedSetOptions(words, keys.length);
  return query(asks, (replies, version) => {
    if ('error' in options) return errorText(options.error);
    const sources = replies.map(scoresIn);
    const inputs = askOf.map((index, key) => ({ scores: sources[index]!, weight: options.weights[key]! }));
    return membersText(inOrder(combine(inputs, options.aggregate)), options.withScores, version);
  });
}

export const planSortedSetDifference: Planner = (keys, words) => {
  const options = readWithScores(words);
  const asks = askEachNode(keys, (names, index) => {
    const counted = [String(names.length), ...names];
    return index === 0 ? ['ZDIFF', ...counted, 'WITHSCORES'] : ['ZUNION', ...counted];
  });
  return query(asks, (replies, version) => {
    if ('error' in options) return errorText(options.error);
    const [first, ...others] = replies;
    const scores = scoresIn(first!);
    for (const other of others) for (const member of membersIn(other)) scores.delete(member);
    return membersText(inOrder(scores), options.withScores, version);
  });
};

export const planSortedSetIntersectionCount: Planner = (keys, words) => {
  const options = readLimit(words);
  const asks = askEachNode(keys, (names) => ['ZINTER', String(names.length), ...names]);
  return query(asks, (replies) => {
    if ('error' in options) return errorText(options.error);
    const { size } = intersectionOf(replies.map(membersIn));
    return integerText(options.limit > 0 ? Math.min(size, options.limit) : size);
  });
};
