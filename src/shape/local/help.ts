/** The HELP subcommand of every container, made from the table. */
import type { Command } from '../../command/command.js';
import { helpReply } from '../../command/introspection.js';
import type { Shape } from '../shape.js';

export function helpShape(container: Command): Shape {
  const value = helpReply(container);
  return (session) => session.replyValue(value);
}
