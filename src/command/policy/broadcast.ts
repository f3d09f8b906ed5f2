/** Commands that go to every node, by name: what the proxy does with each. Read by ../policy.ts alone. */
import type { HandlingList } from '../handling.js';

export const broadcastCommands: HandlingList = {};
