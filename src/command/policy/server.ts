/** Administration, cluster and replication commands, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

export const serverCommands: HandlingList = {
  monitor: handled('local', {
    note: 'the requests of all clients of the proxy, at most `monitor_rate` lines a second',
  }),
  'client|tracking': handled('local', {
    note: 'RESP3 without `REDIRECT`; reads within transactions are not tracked: [client tracking](client-tracking.md)',
  }),
  'client|caching': handled('local', { note: 'see [client tracking](client-tracking.md)' }),
  'client|trackinginfo': handled('local'),
  'client|getredir': handled('local', { note: 'nobody redirects: -1, or 0 while the client tracks' }),
};
