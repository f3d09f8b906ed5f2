/** Commands that may block, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

const onlyWithBlock = handled('blocking', { mayBlock: true, note: 'a connection of its own only with `BLOCK`' });
const ofEveryNode = handled('blocking', { note: 'asks every node; the smallest number is the answer' });

export const blockingCommands: HandlingList = {
  blpop: handled('blocking'),
  brpop: handled('blocking'),
  blmove: handled('blocking'),
  brpoplpush: handled('blocking'),
  blmpop: handled('blocking'),
  bzpopmin: handled('blocking'),
  bzpopmax: handled('blocking'),
  bzmpop: handled('blocking'),
  xread: onlyWithBlock,
  xreadgroup: onlyWithBlock,
  wait: ofEveryNode,
  waitaof: ofEveryNode,
  'client|unblock': handled('local', { note: 'clients of the proxy' }),
};
