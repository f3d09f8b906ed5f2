/** From a command to the function that serves it. Made once per command when a listener is built. */
import type { Command } from '../command/command.js';
import { unsupported } from '../command/errors.js';
import { handlingOf } from '../command/policy.js';
import { errorReply } from '../downstream/resp-errors.js';
import { localShape } from './local/local.js';
import { anyNode } from './any-node.js';
import { blockingShape } from './blocking.js';
import { broadcastShape } from './broadcast/broadcast.js';
import { pubsubShape } from './pubsub.js';
import { sameNode } from './same-node.js';
import { scanShape } from './scan.js';
import { scriptShape } from './script.js';
import type { Shape } from './shape.js';
import { splitCommand } from './split-command.js';
import { transactionShape } from './transaction.js';

export function shapeOf(command: Command): Shape {
  const { kind, reason } = handlingOf(command);
  switch (kind) {
    case 'single':
    case 'same_node':
      return sameNode(command);
    case 'split':
      return splitCommand(command);
    case 'broadcast':
      return broadcastShape(command);
    case 'scan':
      return scanShape(command);
    case 'transaction':
      return transactionShape(command);
    case 'blocking':
      return blockingShape(command);
    case 'pubsub':
      return pubsubShape(command);
    case 'script':
      return scriptShape(command);
    case 'any_node':
      return anyNode(command);
    case 'local':
      return localShape(command);
    case 'unsupported':
      return (session) => session.replyError(errorReply(unsupported(command, reason)));
  }
}
