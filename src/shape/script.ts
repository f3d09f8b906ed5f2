/** Scripts and functions. */
import type { Command } from '../command/command.js';
import type { Shape } from './shape.js';

/** @throws RangeError for a command that this shape does not serve. */
export function scriptShape(command: Command): Shape {
  throw new RangeError(`no shape for ${command.name}`);
}
