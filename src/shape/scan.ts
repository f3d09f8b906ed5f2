/** SCAN over all nodes. */
import type { Command } from '../command/command.js';
import type { Shape } from './shape.js';

/** @throws RangeError for a command that this shape does not serve. */
export function scanShape(command: Command): Shape {
  throw new RangeError(`no shape for ${command.name}`);
}
