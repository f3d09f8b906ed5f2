/** Administration, cluster and replication commands, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

export const serverCommands: HandlingList = {
  monitor: handled('local', {
    note: 'the requests of all clients of the proxy, at most `monitor_rate` lines a second',
  }),
};
