/** MULTI, EXEC, DISCARD, WATCH, UNWATCH. */
import type { Command } from '../command/command.js';
import type { Shape } from './shape.js';

/** @throws RangeError for a command that this shape does not serve. */
export function transactionShape(command: Command): Shape {
  throw new RangeError(`no shape for ${command.name}`);
}
