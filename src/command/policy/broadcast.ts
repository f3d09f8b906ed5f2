/**
 * Commands that go to every node, by name: what the proxy does with each. Read by ../policy.ts alone. Where the list says
 * no merge, the command's own response policy counts (src/shape/broadcast/broadcast.ts).
 */
import { type Command } from '../command.js';
import { Flag } from '../flags.js';
import { handled, type HandlingList } from '../handling.js';

const NOT_ATOMIC = 'not atomic: an error names the nodes that failed, and those that have done it';
const OF_EACH = 'a text of each node under its name';

export const broadcastCommands: HandlingList = {
  // The keys of all nodes, in the client's database.
  dbsize: handled('broadcast', { note: 'the sum' }),
  keys: handled('broadcast', { merge: 'union', note: 'the keys of all nodes, within `limits.client_output`' }),
  randomkey: handled('broadcast', { merge: 'special', note: 'nodes with more keys are more likely' }),
  flushall: handled('broadcast', { note: NOT_ATOMIC }),
  flushdb: handled('broadcast', { note: `the client's database; ${NOT_ATOMIC}` }),
  swapdb: handled('broadcast', { merge: 'all_succeeded', note: NOT_ATOMIC }),
  // Scripts and functions: every node has all of them.
  'script|load': handled('broadcast', { note: 'every node learns it' }),
  'script|exists': handled('broadcast', { note: '1: every node has it' }),
  'script|flush': handled('broadcast', { note: NOT_ATOMIC }),
  'script|kill': handled('broadcast', { note: 'OK when a script ended on any node' }),
  'script|show': handled('any_node'),
  'function|load': handled('broadcast', { note: NOT_ATOMIC }),
  'function|delete': handled('broadcast', { note: NOT_ATOMIC }),
  'function|flush': handled('broadcast', { note: NOT_ATOMIC }),
  'function|restore': handled('broadcast', { note: NOT_ATOMIC }),
  'function|kill': handled('broadcast', { note: 'OK when a function ended on any node' }),
  'function|dump': handled('any_node', { note: 'of the first node that is up' }),
  'function|list': handled('broadcast', { merge: 'special', note: 'an error when the nodes differ' }),
  'function|stats': handled('broadcast', { merge: 'special', note: 'what runs on any node' }),
  // Administration of the nodes.
  'config|get': handled('broadcast', {
    merge: 'special',
    note: "of the nodes: the first one's values; another's that differs follows as `name@node`",
  }),
  'config|set': handled('broadcast', { note: `of the nodes; ${NOT_ATOMIC}` }),
  'config|resetstat': handled('broadcast', { note: 'of the nodes' }),
  'config|rewrite': handled('broadcast', { note: 'of the nodes' }),
  'memory|doctor': handled('broadcast', { merge: 'texts', note: OF_EACH }),
  'memory|malloc-stats': handled('broadcast', { merge: 'texts', note: OF_EACH }),
  'memory|purge': handled('broadcast'),
  'memory|stats': handled('broadcast', { merge: 'special', note: 'sums; ratios and bytes per key are means' }),
  'latency|doctor': handled('broadcast', { merge: 'texts', note: OF_EACH }),
  'latency|graph': handled('broadcast', { merge: 'texts', note: OF_EACH }),
  'latency|histogram': handled('broadcast', { merge: 'special', note: 'of the nodes, added up' }),
  'latency|history': handled('broadcast', { merge: 'special', note: 'of the nodes, in the order of time' }),
  'latency|latest': handled('broadcast', { merge: 'special', note: 'of the nodes, the latest of each event' }),
  'latency|reset': handled('broadcast', { note: 'of the nodes, the sum' }),
  'slowlog|get': handled('broadcast', {
    merge: 'special',
    note: "of the nodes, newest first; an entry's id modulo the number of nodes is its node",
  }),
  'slowlog|len': handled('broadcast', { note: 'of the nodes, the sum' }),
  'slowlog|reset': handled('broadcast', { note: 'of the nodes' }),
  lastsave: handled('broadcast', { merge: 'min', note: 'the earliest' }),
  save: handled('broadcast', {
    merge: 'all_succeeded',
    note: 'a node that takes longer than `timeouts.request` fails',
  }),
  bgsave: handled('broadcast', { merge: 'all_succeeded' }),
  bgrewriteaof: handled('broadcast', { merge: 'all_succeeded' }),
  lolwut: handled('any_node'),
};

const GENERIC: readonly string[] = ['all_succeeded', 'one_succeeded', 'agg_sum', 'agg_min', 'agg_logical_and'];
const STATEFUL = Flag.blocking | Flag.pubsub | Flag.no_multi | Flag.asking | Flag.only_sentinel;
const GROUPS_APART: readonly string[] = ['cluster', 'connection', 'pubsub', 'sentinel', 'transactions'];

/**
 * True for a command that no list knows, that Redis says goes to every node, and whose replies the response policy merges:
 * what a later table brings is served if it neither waits nor changes the connection.
 */
export function isGenericBroadcast(command: Command): boolean {
  return (
    (command.requestPolicy === 'all_nodes' || command.requestPolicy === 'all_shards') &&
    GENERIC.includes(command.responsePolicy) &&
    command.keySpecs.length === 0 &&
    (command.flags & STATEFUL) === 0 &&
    !GROUPS_APART.includes(command.group)
  );
}
