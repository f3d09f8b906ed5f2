/** Commands that go to every node, and whose replies are merged. */
import type { Command } from '../../command/command.js';
import type { Shape } from '../shape.js';

/** @throws RangeError for a command that this shape does not serve. */
export function broadcastShape(command: Command): Shape {
  throw new RangeError(`no shape for ${command.name}`);
}
