/** The one table of Redis commands that this program ships with. Built at start-up in a few milliseconds. */
import { CommandTable } from './lookup.js';
import { commandRows } from './table.generated.js';

export const redisTable = new CommandTable(commandRows);
