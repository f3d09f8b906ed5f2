/**
 * What the proxy does with each command at this release, as data.
 * The session builds its dispatch from it once; COMMAND replies and docs/commands.md read it too.
 * A command with keys passes to the node of its keys unless a list below says otherwise; one without keys is refused
 * unless it is answered here. So nothing that a list forgot can reach a shared connection with state in it.
 */
import { type Command, KeyShape } from './command.js';
import { Flag, KeyFlag } from './flags.js';
import { handled, type Handling, type HandlingKind, type HandlingList, type Merge, refused } from './handling.js';
import { LEARNT_GROUP, learntHandling } from './learnt.js';
import { blockingCommands } from './policy/blocking.js';
import { broadcastCommands, isGenericBroadcast } from './policy/broadcast.js';
import { pubsubCommands } from './policy/pubsub.js';
import { scriptsCommands } from './policy/scripts.js';
import { serverCommands } from './policy/server.js';
import { transactionsCommands } from './policy/transactions.js';
import { isWord, wordBytes } from './words.js';

/** Commands that are cut by node, and how their replies are merged. */
const splitCommands: Readonly<Record<string, Merge>> = {
  mget: 'mget',
  mset: 'mset',
  del: 'sum',
  unlink: 'sum',
  exists: 'sum',
  touch: 'sum',
};

/** Answered by the proxy. Every HELP subcommand joins them: it is made from the table. */
const localCommands: readonly string[] = [
  ...['ping', 'echo', 'quit', 'reset', 'hello', 'select', 'auth', 'info', 'time'],
  ...['command', 'command|count', 'command|docs', 'command|getkeys', 'command|getkeysandflags'],
  ...['command|info', 'command|list'],
  ...['client|id', 'client|getname', 'client|setname', 'client|setinfo', 'client|info', 'client|list', 'client|kill'],
  ...['client|reply', 'client|no-evict', 'client|no-touch'],
];

const reasons = {
  blocking: 'blocking commands need a connection of their own',
  pubsub: 'publish and subscribe need connections of their own',
  allNodes: 'it concerns all nodes, not one key',
  state: 'it changes the state of a connection that clients share',
  administration: 'administration is done at the nodes',
  sentinel: 'it is a command of Redis Sentinel',
  noKey: 'it has no key that tells its node',
} as const;

/** By topic. A name is in at most one of them. */
const listedCommands: HandlingList = {
  ...broadcastCommands,
  ...transactionsCommands,
  ...blockingCommands,
  ...pubsubCommands,
  ...scriptsCommands,
  ...serverCommands,
};

/** Why a command without keys is refused. */
function reasonWithoutKeys(command: Command): string {
  if (command.group === 'pubsub') return reasons.pubsub;
  if (command.group === 'sentinel' || (command.flags & Flag.only_sentinel) !== 0) return reasons.sentinel;
  if (command.requestPolicy !== '') return reasons.allNodes;
  if (command.name.startsWith('client|')) return reasons.state;
  if ((command.flags & Flag.admin) !== 0 || command.group === 'server') return reasons.administration;
  return reasons.noKey;
}

function handlingWithKeys(command: Command): Handling {
  const merge = splitCommands[command.name];
  if (merge !== undefined) return handled('split', { merge });
  if ((command.flags & Flag.blocking) !== 0) return refused(reasons.blocking);
  return handled(command.keyShape === KeyShape.single ? 'single' : 'same_node');
}

/** How one command is handled; decided from data, so ask once per command, not per request. */
export function handlingOf(command: Command): Handling {
  const listed = listedCommands[command.name];
  if (listed !== undefined) return listed;
  if (command.group === 'sentinel') return refused(reasons.sentinel);
  if (command.word === 'help' && command.container !== undefined) return handled('local');
  if (localCommands.includes(command.name)) return handled('local');
  // A container is asked about only when its word is missing or unknown, and both are answered here.
  if (command.hasSubcommands) return handled('local');
  if (command.group === LEARNT_GROUP) return learntHandling(command);
  if (command.keySpecs.some((spec) => (spec.mask & KeyFlag.not_key) !== 0)) return refused(reasons.pubsub);
  if (command.keySpecs.length > 0) return handlingWithKeys(command);
  return isGenericBroadcast(command) ? handled('broadcast') : refused(reasonWithoutKeys(command));
}

const summaries: Readonly<Record<HandlingKind, string>> = {
  single: 'Passes to the node of its key',
  same_node: 'Passes to the node of its keys, which must share one',
  split: 'Is cut by node, and the replies are put together',
  broadcast: 'Goes to every node, and the replies are put together',
  scan: 'Goes to one node after the other',
  transaction: 'Runs on a connection of its own to the node of its keys',
  blocking: 'Waits on a connection of its own to the node of its keys',
  pubsub: 'Goes to the nodes of its channels',
  script: 'Passes to the node of its keys, or to any node without',
  any_node: 'Passes to one node',
  local: 'Is answered by the proxy',
  unsupported: 'Is refused',
};

/** One line for people: COMMAND DOCS, HELP and docs/commands.md. */
export function summaryOf(command: Command): string {
  return summaries[handlingOf(command).kind];
}

/** True when COMMAND should tell clients about it: what is refused is not announced. */
export function isServed(command: Command): boolean {
  if (command.hasSubcommands) return command.subcommands.some((sub) => sub.word !== 'help' && isServed(sub));
  return handlingOf(command).kind !== 'unsupported';
}

/** Every name that a list of this file mentions, so that a test can tell when one is not in the table. */
export const listedNames: readonly string[] = [
  ...Object.keys(splitCommands),
  ...localCommands,
  ...Object.keys(listedCommands),
];

const blockWord = wordBytes('block');
const countWord = wordBytes('count');
const groupWord = wordBytes('group');
const streamsWord = wordBytes('streams');

/** For commands with `mayBlock`: where the value of an XREAD or XREADGROUP request's BLOCK option is; 0: it has none. */
export function blockPosition(bytes: Uint8Array, offsets: Int32Array, argc: number): number {
  for (let i = 1; i < argc; i++) {
    const start = offsets[2 * i]!;
    const end = offsets[2 * i + 1]!;
    if (isWord(bytes, start, end, blockWord)) return i + 1;
    if (isWord(bytes, start, end, streamsWord)) return 0;
    if (isWord(bytes, start, end, countWord)) i += 1;
    else if (isWord(bytes, start, end, groupWord)) i += 2;
  }
  return 0;
}
