/** Subscriptions and publishing, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

const ownNode = 'subscribed at the node of its name, once for all clients of a worker';
const counted = 'a worker of the proxy counts once, however many of its clients are subscribed';

export const pubsubCommands: HandlingList = {
  subscribe: handled('pubsub', { note: `${ownNode}; \`__keyspace@…\` and \`__keyevent@…\` at all nodes` }),
  psubscribe: handled('pubsub', { note: 'subscribed at every node, once for all clients of a worker' }),
  ssubscribe: handled('pubsub', { note: ownNode }),
  unsubscribe: handled('pubsub'),
  punsubscribe: handled('pubsub'),
  sunsubscribe: handled('pubsub'),
  publish: handled('pubsub', { routedBy: 1, note: `to the node of its channel; ${counted}` }),
  spublish: handled('pubsub', { routedBy: 1, note: `to the node of its channel; ${counted}` }),
  'pubsub|channels': handled('pubsub', { note: 'of all nodes' }),
  'pubsub|shardchannels': handled('pubsub', { note: 'of all nodes' }),
  'pubsub|numsub': handled('pubsub', { note: counted }),
  'pubsub|shardnumsub': handled('pubsub', { note: counted }),
  'pubsub|numpat': handled('pubsub', { note: 'the largest number of any node' }),
};
