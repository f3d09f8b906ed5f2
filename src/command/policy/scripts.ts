/** Scripts, functions and SCAN, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

export const scriptsCommands: HandlingList = {
  scan: handled('scan', { note: 'the cursor says which node is next' }),
};
