/**
 * Commands whose replies differential tests cannot compare, and why. What the proxy answers about itself is in
 * src/command/differences.ts, because users must know it; this list is about what two redis-servers would not answer
 * alike either, or what one connection cannot show. The number of arguments of all of them is still compared.
 */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  quit: 'closes the connection: commands-local.test.ts and the fuzz tests have it',
  'client|reply': 'takes away replies, by which requests are matched here: commands-local.test.ts has it',

  subscribe: 'has a reply for each channel, and changes what may be sent',
  psubscribe: 'has a reply for each pattern, and changes what may be sent',
  ssubscribe: 'has a reply for each channel, and changes what may be sent',
  unsubscribe: 'has as many replies as there are subscriptions',
  punsubscribe: 'has as many replies as there are subscriptions',
  sunsubscribe: 'has as many replies as there are subscriptions',
  monitor: 'is followed by the requests of other clients',
  'client|pause': 'stops all clients of a server for a while',
  'client|unblock': 'needs a client that waits',
  wait: 'waits for replicas that do not exist',
  waitaof: 'waits for files and replicas that do not exist',

  'acl|genpass': 'random',
  lolwut: 'a picture that is made at random',
  lastsave: 'the time of a server',
  'latency|doctor': 'what a server measured',
  'latency|graph': 'what a server measured',
  'latency|histogram': 'what a server measured',
  'latency|history': 'what a server measured',
  'latency|latest': 'what a server measured',
  'memory|doctor': 'what a server measured',
  'memory|malloc-stats': 'what a server measured',
  'memory|stats': 'what a server measured',
  'slowlog|get': 'what a server measured',
  'slowlog|len': 'what a server measured',

  bgrewriteaof: 'starts a process',
  bgsave: 'starts a process',
  save: 'writes a file',
  'config|rewrite': 'writes a file',
  'acl|save': 'writes a file',
  'acl|load': 'reads a file',
  'module|load': 'loads code',
  'module|loadex': 'loads code',
  debug: 'can stop or crash a server',
  failover: 'changes the role of a server',
  replicaof: 'changes the role of a server',
  slaveof: 'changes the role of a server',
  psync: 'makes a connection that of a replica',
  sync: 'makes a connection that of a replica',
  replconf: 'makes a connection that of a replica',
  shutdown: 'ends a server',
  migrate: 'needs a second server',
};
