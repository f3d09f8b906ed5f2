/** Commands that may block, on a connection that the client has to itself meanwhile. */
import type { Command } from '../command/command.js';
import type { Shape } from './shape.js';

/** @throws RangeError for a command that this shape does not serve. */
export function blockingShape(command: Command): Shape {
  throw new RangeError(`no shape for ${command.name}`);
}
