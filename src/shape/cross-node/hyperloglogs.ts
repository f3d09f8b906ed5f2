/**
 * PFCOUNT of several keys on several nodes: each value is read as the string that it is, and the proxy unites and counts
 * them. The first key that holds something else makes the reply an error, with redis-server's texts.
 */
import { errorText, integerText } from './answer-text.js';
import { type Flaw, HyperLogLogUnion } from './hyperloglog.js';
import { isErrorReply, stringIn, textOf } from './node-reply.js';
import { askEachKey, type Planner } from './query.js';

const FLAW_TEXTS: Readonly<Record<Flaw, string>> = {
  'not-hyperloglog': 'WRONGTYPE Key is not a valid HyperLogLog string value.',
  corrupted: 'INVALIDOBJ Corrupted HLL object detected',
};

export const planHyperLogLogCount: Planner = (keys) => {
  const { asks } = askEachKey(keys, (name) => ['GET', name]);
  return {
    asks,
    answer: (replies) => {
      const union = new HyperLogLogUnion();
      for (const reply of replies) {
        if (isErrorReply(reply)) return [textOf(reply)];
        const value = stringIn(reply);
        const flaw = value === undefined ? undefined : union.add(value);
        if (flaw !== undefined) return errorText(FLAW_TEXTS[flaw]);
      }
      return integerText(union.estimate());
    },
  };
};
