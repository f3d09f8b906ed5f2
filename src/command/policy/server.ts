/** Administration, cluster and replication commands, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, refused, type HandlingList } from '../handling.js';

const reasons = {
  acl: "the proxy has one password for each listener (`password`); the nodes' users are set at the nodes",
  cluster: 'it is sent between nodes of a Redis Cluster; use RESTORE',
  debug: 'it is about one node; debug that node itself',
  failover: 'it is about one node; set whose replica it is at the node, and where the pool is in the configuration',
  modules: 'it is about one node; load modules at each, though the proxy does not know their commands',
  pause: 'it would have to stop the clients of all workers at once; pause at the nodes',
  replicas: 'a replica connects to a node, not to the proxy',
  scriptDebug: 'it changes the state of a connection that clients share; debug at a node',
  shutdown: 'it is about one node; stop that node itself (SIGTERM stops the proxy)',
  migrate: 'it would connect the node of the key to another server; use DUMP and RESTORE, or MIGRATE at the node',
} as const;

function each(names: string, handling: HandlingList[string]): HandlingList {
  return Object.fromEntries(names.split(' ').map((name) => [name, handling]));
}

const noCluster = handled('local', { note: 'as a server without cluster support: an error' });

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
  role: handled('local', { note: 'always a master without replicas: what clients that look for a master need' }),
  'module|list': handled('local', { note: 'empty: no commands of modules pass' }),
  ...each('asking readonly readwrite', noCluster),
  ...each(
    [
      'cluster|addslots cluster|addslotsrange cluster|bumpepoch cluster|count-failure-reports cluster|countkeysinslot',
      'cluster|delslots cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget cluster|getkeysinslot',
      'cluster|help cluster|info cluster|keyslot cluster|links cluster|meet cluster|myid cluster|myshardid cluster|nodes',
      'cluster|replicas cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot',
      'cluster|shards cluster|slaves cluster|slot-stats cluster|slots',
    ].join(' '),
    noCluster,
  ),
  ...each(
    [
      'acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|list acl|load acl|log acl|save acl|setuser acl|users',
      'acl|whoami',
    ].join(' '),
    refused(reasons.acl),
  ),
  ...each('client|pause client|unpause', refused(reasons.pause)),
  ...each('debug pfdebug pfselftest', refused(reasons.debug)),
  ...each('module|load module|loadex module|unload', refused(reasons.modules)),
  ...each('replicaof slaveof failover', refused(reasons.failover)),
  ...each('sync psync replconf', refused(reasons.replicas)),
  'script|debug': refused(reasons.scriptDebug),
  migrate: refused(reasons.migrate),
  'restore-asking': refused(reasons.cluster),
  shutdown: refused(reasons.shutdown),
};
