/** MULTI and its companions, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

export const transactionsCommands: HandlingList = {
  multi: handled('transaction', { note: 'see [transactions](#transactions)' }),
  exec: handled('transaction', { note: 'keys of one node, else `EXECABORT`' }),
  discard: handled('transaction'),
  watch: handled('transaction', { note: 'keys of one node, until `EXEC` or `UNWATCH`' }),
  unwatch: handled('transaction'),
};
