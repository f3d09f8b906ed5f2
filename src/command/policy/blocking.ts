/** Commands that may block, by name: what the proxy does with each. Read by ../policy.ts alone. */
import type { HandlingList } from '../handling.js';

export const blockingCommands: HandlingList = {};
