/** Commands that the proxy answers itself, by name. The policy table says which they are; a test holds the two together. */
import type { Command } from '../../command/command.js';
import { wrongArity } from '../../command/errors.js';
import { errorReply } from '../../downstream/resp-errors.js';
import type { Shape } from '../shape.js';
import { clientCommands } from './client.js';
import { commandCommands } from './command.js';
import { connectionCommands } from './connection.js';
import { helpShape } from './help.js';
import { infoCommands } from './info.js';
import { clusterShape, serverCommands } from './server.js';
import { monitorCommands } from './monitor.js';
import { trackingCommands } from './tracking.js';

const localCommands: Readonly<Record<string, Shape>> = {
  ...connectionCommands,
  ...clientCommands,
  ...commandCommands,
  ...infoCommands,
  ...serverCommands,
  ...monitorCommands,
  ...trackingCommands,
};

/** @throws RangeError when the policy calls a command local that has no answer here. */
export function localShape(command: Command): Shape {
  const shape = localCommands[command.name] ?? clusterShape(command);
  if (shape !== undefined) return shape;
  if (command.word === 'help' && command.container !== undefined) return helpShape(command.container);
  // A container without its word: its arity check has answered already, unless it takes none (COMMAND does).
  if (command.hasSubcommands) return (session) => session.replyError(errorReply(wrongArity(command)));
  throw new RangeError(`no local answer for ${command.name}`);
}
