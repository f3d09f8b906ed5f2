/**
 * What becomes of each command between MULTI and EXEC. Read once per queued command; decided from the command's handling,
 * and from the lists below for what the proxy answers itself. What is refused dooms the transaction, as in Redis.
 */
import type { Command } from '../../command/command.js';
import { unsupported } from '../../command/errors.js';
import { Flag } from '../../command/flags.js';
import { handlingOf } from '../../command/policy.js';
import { errorReply } from '../../downstream/resp-errors.js';

export type Treatment =
  /** Queued for the node of its keys; without keys, for whichever node the transaction goes to. */
  | { readonly kind: 'node' }
  /** Queued for the node of its channel, its first argument. */
  | { readonly kind: 'channel' }
  /** Queued where the pool has one node; otherwise it would concern several. */
  | { readonly kind: 'all_nodes' }
  /** Queued for the node, and the session follows when it has succeeded. */
  | { readonly kind: 'select' }
  /** Answered by the proxy when the transaction has run. */
  | { readonly kind: 'local' }
  /** Not queued: it serves or ends the transaction now. */
  | { readonly kind: 'now' }
  /** An error that leaves the transaction as it is. */
  | { readonly kind: 'nested'; readonly error: Buffer }
  /** An error that dooms it. */
  | { readonly kind: 'refused'; readonly error: Buffer };

const nowCommands: readonly string[] = ['exec', 'discard', 'quit', 'reset'];

/** Answered by the proxy otherwise; a node's answer is as good. */
const forwardedCommands: readonly string[] = ['ping', 'echo', 'time'];

/** The proxy's answers that come at once or a little later, without a request to nodes, and change only the session. */
const localCommands: readonly string[] = [
  ...['auth', 'hello', 'info', 'command', 'command|count', 'command|docs', 'command|getkeys'],
  ...['command|getkeysandflags', 'command|info', 'command|list', 'client|id', 'client|getname', 'client|setname'],
  ...['client|setinfo', 'client|info', 'client|list', 'client|kill', 'client|unblock', 'client|reply'],
  ...['client|no-evict', 'client|no-touch', 'client|trackinginfo', 'client|getredir', 'role', 'module|list'],
  ...['asking', 'readonly', 'readwrite'],
];

const nested: Readonly<Record<string, string>> = {
  multi: 'ERR MULTI calls can not be nested',
  watch: 'ERR WATCH inside MULTI is not allowed',
};

const treatments = new Map<Command, Treatment>();

export function treatmentOf(command: Command): Treatment {
  let treatment = treatments.get(command);
  if (treatment === undefined) treatments.set(command, (treatment = decide(command)));
  return treatment;
}

function decide(command: Command): Treatment {
  if (nowCommands.includes(command.name)) return { kind: 'now' };
  const nestedText = nested[command.name];
  if (nestedText !== undefined) return { kind: 'nested', error: errorReply(nestedText) };
  if ((command.flags & Flag.no_multi) !== 0) return refusal('ERR Command not allowed inside a transaction');
  const { kind, reason } = handlingOf(command);
  switch (kind) {
    case 'single':
    case 'same_node':
    case 'split':
    case 'script':
    case 'blocking':
    case 'transaction':
    case 'any_node':
      return { kind: 'node' };
    case 'broadcast':
    case 'scan':
      return { kind: 'all_nodes' };
    case 'pubsub':
      return command.name === 'publish' || command.name === 'spublish' ? { kind: 'channel' } : notHere(command);
    case 'local':
      return localTreatment(command);
    case 'unsupported':
      return refusal(unsupported(command, reason));
  }
}

function localTreatment(command: Command): Treatment {
  if (command.name === 'select') return { kind: 'select' };
  if (forwardedCommands.includes(command.name)) return { kind: 'node' };
  const isHelp = command.word === 'help' && command.container !== undefined;
  return isHelp || command.name.startsWith('cluster|') || localCommands.includes(command.name)
    ? { kind: 'local' }
    : notHere(command);
}

function refusal(text: string): Treatment {
  return { kind: 'refused', error: errorReply(text) };
}

function notHere(command: Command): Treatment {
  return { kind: 'refused', error: notInside(command) };
}

/** For what could not have its effect, or its reply, in the middle of a transaction. */
export function notInside(command: Command): Buffer {
  return errorReply(`ERR ringward: command '${command.name}' is not possible inside a transaction`);
}

export function needsOneNode(command: Command, nodes: number): Buffer {
  return errorReply(
    `ERR ringward: command '${command.name}' is not possible inside a transaction: it concerns all nodes, and the pool has ${nodes}`,
  );
}
