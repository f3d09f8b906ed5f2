/**
 * `stats` of an embedded memcached node: the general counters, `settings` and `reset`. `items` and `slabs` are empty: there are none.
 */
import { VERSION } from './connection.js';
import type { Connection } from './connection.js';

type Fields = readonly (readonly [string, string | number])[];

function general({ store, facts }: Connection): Fields {
  const { counters } = store;
  return [
    ['pid', process.pid],
    ['uptime', store.uptimeS],
    ['time', store.epochS],
    ['version', VERSION],
    ['embedded_node', facts.name],
    ['curr_connections', facts.clients()],
    ['total_connections', counters.connections],
    ['cmd_get', counters.gets],
    ['cmd_set', counters.sets],
    ['cmd_flush', counters.flushes],
    ['cmd_touch', counters.touches],
    ['get_hits', counters.hits],
    ['get_misses', counters.gets - counters.hits],
    ['threads', 1],
    ['limit_maxbytes', store.maxMemoryBytes],
    ['bytes', store.usedBytes],
    ['curr_items', store.size],
    ['total_items', counters.stored],
    ['evictions', counters.evicted],
  ];
}

function settings({ store, facts }: Connection): Fields {
  return [
    ['maxbytes', store.maxMemoryBytes],
    ['tcpport', facts.port],
    ['evictions', 'on'],
    ['cas_enabled', 'yes'],
    ['item_size_max', store.itemMaxBytes],
  ];
}

export function stats(connection: Connection, words: readonly string[]): void {
  const topic = words[1];
  if (topic === 'reset') {
    const { counters } = connection.store;
    for (const name of Object.keys(counters) as (keyof typeof counters)[]) counters[name] = 0;
    connection.answer('RESET');
    return;
  }
  if (topic !== undefined && !['settings', 'items', 'slabs'].includes(topic)) {
    connection.answer('ERROR');
    return;
  }
  const fields = topic === undefined ? general(connection) : topic === 'settings' ? settings(connection) : [];
  for (const [name, value] of fields) connection.answer(`STAT ${name} ${value}`);
  connection.answer('END');
}
