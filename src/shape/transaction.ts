/**
 * MULTI, EXEC, DISCARD, WATCH, UNWATCH, as one redis-server has them for keys of one node. The state is the session's
 * (transaction/mode.ts); nodes see it only on a private connection. Error texts are redis-server 7.0's.
 */
import type { Command } from '../command/command.js';
import { extractKeys, KeyList } from '../command/keys.js';
import {
  connectionOfWatchLost,
  crossSlot,
  errorReply,
  noPrivateConnection,
  transactionCrossing,
  transactionNoConnection,
} from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import { nodeThatIsUp } from './any-node.js';
import { Outcome, type RespRequest } from './request.js';
import { commonNode } from './same-node.js';
import type { Shape } from './shape.js';
import { TransactionConnection } from './transaction/connection.js';
import { ExecConversation } from './transaction/exec.js';
import { Transaction } from './transaction/mode.js';
import type { Placed } from './transaction/queue.js';
import { UnwatchConversation, WatchConversation } from './transaction/watch.js';

const OK = Buffer.from('+OK\r\n');
const EMPTY = Buffer.from('*0\r\n');
const EXEC_WITHOUT_MULTI = errorReply('ERR EXEC without MULTI');
const DISCARD_WITHOUT_MULTI = errorReply('ERR DISCARD without MULTI');
const DOOMED = errorReply('EXECABORT Transaction discarded because of previous errors.');

/** @throws RangeError for a command that this shape does not serve. */
export function transactionShape(command: Command): Shape {
  switch (command.name) {
    case 'multi':
      return multi;
    case 'exec':
      return exec;
    case 'discard':
      return discard;
    case 'watch':
      return watchShape(command);
    case 'unwatch':
      return unwatch;
    default:
      throw new RangeError(`no shape for ${command.name}`);
  }
}

const multi: Shape = (session) => {
  Transaction.enter(session).open(session);
  return session.replyBytes(OK);
};

const exec: Shape = (session) => {
  const transaction = Transaction.of(session);
  const queue = transaction?.queue ?? null;
  if (transaction === undefined || queue === null) return session.replyError(EXEC_WITHOUT_MULTI);
  const { watch } = transaction;
  if (queue.count === 0 && watch === null && !transaction.isDoomed) {
    transaction.leave(session);
    return session.replyBytes(EMPTY);
  }
  if (session.waitsForReplies()) return Outcome.stalled;
  const { isDoomed } = transaction;
  const { nodes } = session.service.pool;
  if (isDoomed) return abandon(session, transaction, DOOMED);
  const watched: Placed | null = watch === null ? null : { name: watch.key, node: watch.connection.node };
  const first = watched ?? queue.first;
  const other =
    watched !== null && queue.first !== null && queue.first.node !== watched.node ? queue.first : queue.crossing;
  if (first !== null && other !== null) {
    session.context.counters.errorsCrossSlot++;
    const error = transactionCrossing(first.name, nodes[first.node]!.id, other.name, nodes[other.node]!.id);
    return abandon(session, transaction, error);
  }
  if (watch?.connection.isLost === true) {
    return abandon(session, transaction, connectionOfWatchLost(watch.connection.channel.node.label));
  }
  const node = first?.node ?? nodeThatIsUp(session);
  const connection = watch?.connection ?? TransactionConnection.checkOut(session, node);
  if (connection === null) {
    return abandon(session, transaction, transactionNoConnection(session.service.pool.privateConnections.limit));
  }
  transaction.leave(session);
  new ExecConversation(session, connection, queue).start();
  return Outcome.done;
};

const discard: Shape = (session) => {
  const transaction = Transaction.of(session);
  if (transaction === undefined || transaction.queue === null) return session.replyError(DISCARD_WITHOUT_MULTI);
  if (transaction.watch !== null && session.waitsForReplies()) return Outcome.stalled;
  return leave(session, transaction, OK);
};

const unwatch: Shape = (session) => {
  const transaction = Transaction.of(session);
  if (transaction === undefined) return session.replyBytes(OK);
  if (session.waitsForReplies()) return Outcome.stalled;
  return leave(session, transaction, OK);
};

function abandon(session: RespSession, transaction: Transaction, error: Buffer): Outcome {
  session.context.counters.errorsProxy++;
  return leave(session, transaction, error);
}

/** Ends the transaction without running it. The connection of a watch goes back when its node has forgotten the keys. */
function leave(session: RespSession, transaction: Transaction, reply: Buffer): Outcome {
  const { watch, queue } = transaction.leave(session);
  queue?.clear();
  if (watch === null) return session.replyBytes(reply);
  if (watch.connection.isLost) {
    watch.connection.discard();
    return session.replyBytes(reply);
  }
  new UnwatchConversation(session, watch.connection, reply).start();
  return Outcome.done;
}

function watchShape(command: Command): Shape {
  const keys = new KeyList();
  return (session, request) => {
    extractKeys(command, request.bytes, request.args, request.argc, keys);
    const node = commonNode(session, request, keys);
    return node < 0 ? Outcome.done : watchKeys(session, request, node);
  };
}

function watchKeys(session: RespSession, request: RespRequest, node: number): Outcome {
  if (session.waitsForReplies()) return Outcome.stalled;
  const { nodes, privateConnections } = session.service.pool;
  const before = Transaction.of(session)?.watch ?? null;
  if (before !== null && !before.connection.isLost && before.connection.node !== node) {
    session.context.counters.errorsCrossSlot++;
    const watchedNode = nodes[before.connection.node]!;
    return session.replyError(crossSlot(before.key, watchedNode.id, request.text(1), nodes[node]!.id));
  }
  const connection = before?.connection ?? TransactionConnection.checkOut(session, node);
  if (connection === null) return session.replyError(noPrivateConnection(privateConnections.limit));
  const transaction = Transaction.enter(session);
  transaction.watch = before ?? { connection, key: request.text(1) };
  const frame = Buffer.from(request.bytes.subarray(request.start, request.end));
  new WatchConversation(session, transaction, connection, frame, before === null).start();
  return Outcome.done;
}
