/**
 * One test per thing that the configuration refuses: the text of the file, and the line an operator reads.
 * `base` is a file that loads; each case replaces parts of it.
 */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';

const listeners = 'listeners: [{ name: a, bind: "127.0.0.1:1", pool: main }]\n';
const pools = 'pools: { main: { nodes: [{ host: h }] } }\n';
const withNodes = (nodes: string, rest = ''): string => `${listeners}pools: { main: { nodes: [${nodes}]${rest} } }\n`;
const withPool = (rest: string): string => withNodes('{ host: h }', `, ${rest}`);
const withListener = (rest: string): string =>
  `listeners: [{ name: a, bind: "127.0.0.1:1", pool: main, ${rest} }]\n${pools}`;
const withListeners = (items: string): string => `listeners: [${items}]\n${pools}`;
const and = (more: string): string => `${listeners}${pools}${more}\n`;

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, 'f.yaml', { SET: 'x', EMPTY: '' });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  return [];
}

const cases: readonly (readonly [name: string, text: string, line: string])[] = [
  ['an empty file', '', 'f.yaml: the file is empty'],
  ['a file of comments', '# nothing\n', 'f.yaml: the file is empty'],
  ['a list', '- a\n', 'f.yaml:1:1: expected a mapping, got a list'],
  ['a word', 'hello\n', 'f.yaml:1:1: expected a mapping, got "hello"'],
  ['no listeners', pools, 'f.yaml:1:1: listeners: missing'],
  ['no pools', listeners, 'f.yaml:1:1: pools: missing'],
  [
    'an empty list of listeners',
    `listeners: []\n${pools}`,
    'f.yaml:1:12: listeners: expected at least 1 list item, got 0',
  ],
  ['an empty mapping of pools', `${listeners}pools: {}\n`, 'f.yaml:2:8: pools: expected at least one pool'],
  ['an empty list of nodes', withNodes(''), 'f.yaml:2:25: pools.main.nodes: expected at least 1 list item, got 0'],
  [
    'a pool that is nothing',
    `${listeners}pools: { main: }\n`,
    'f.yaml:2:16: pools.main: expected a mapping, got nothing',
  ],
  ['a section that is nothing', and('limits:'), 'f.yaml:3:8: limits: expected a mapping, got nothing'],

  ['an open quote', and('workers: "1'), 'f.yaml:4:1: not valid YAML: Missing closing "quote'],
  ['a tab as indentation', 'pools:\n\tmain: 1\n', 'f.yaml:2:1: not valid YAML: Tabs are not allowed as indentation'],
  [
    'two documents',
    `${and('')}---\na: 1\n`,
    'f.yaml:4:1: not valid YAML: Source contains multiple documents; please use YAML.parseAllDocuments()',
  ],
  ['an unknown tag', and('workers: !bytes 4'), 'f.yaml:3:10: not valid YAML: Unresolved tag: !bytes'],
  [
    'an unknown alias',
    and('log: *none'),
    'f.yaml:1:1: not valid YAML: Unresolved alias (the anchor must be set before the alias): none',
  ],
  ['a key given twice', and('workers: 1\nworkers: 2'), 'f.yaml:4:1: workers: duplicate key, first given on line 3'],
  [
    'a pool given twice',
    `${listeners}pools:\n  main: { nodes: [{ host: h }] }\n  main: { nodes: [{ host: h }] }\n`,
    'f.yaml:4:3: pools.main: duplicate key, first given on line 3',
  ],
  ['a key that is a list', and('? [a]\n: 1'), 'f.yaml:3:3: a key must be a word'],
  ['a key that would reach the prototype', and('__proto__: { a: 1 }'), 'f.yaml:3:1: a key must be a word'],

  ['an unknown key at the top', and('listener: 1'), 'f.yaml:3:1: listener: unknown key; did you mean "listeners"?'],
  ['an unknown key like no other', and('replication: 1'), 'f.yaml:3:1: replication: unknown key'],
  [
    'an unknown key of a node',
    withNodes('{ host: a }, { host: b, wieght: 2 }'),
    'f.yaml:2:50: pools.main.nodes[1].wieght: unknown key; did you mean "weight"?',
  ],
  [
    'an unknown key of a pool',
    withPool('partitoning: {}'),
    'f.yaml:2:40: pools.main.partitoning: unknown key; did you mean "partitioning"?',
  ],
  [
    'an unknown key of a section',
    and('limits: { client: 5 }'),
    'f.yaml:3:11: limits.client: unknown key; did you mean "clients"?',
  ],
  [
    'an unknown key of a listener',
    withListener('bakclog: 3'),
    'f.yaml:1:57: listeners[0].bakclog: unknown key; did you mean "backlog"?',
  ],

  [
    'a cluster name with a space',
    and('cluster: { name: a b }'),
    'f.yaml:3:18: cluster.name: expected 1 to 64 letters, digits, ".", "_" or "-", got "a b"',
  ],
  [
    'a cluster name that is a number',
    and('cluster: { name: 5 }'),
    'f.yaml:3:18: cluster.name: expected a string, got 5',
  ],
  [
    'too many workers',
    and('workers: 129'),
    'f.yaml:3:10: workers: expected auto or a whole number from 0 to 128, got 129',
  ],
  [
    'workers as a word',
    and('workers: all'),
    'f.yaml:3:10: workers: expected auto or a whole number from 0 to 128, got "all"',
  ],
  [
    'half a worker',
    and('workers: 0.5'),
    'f.yaml:3:10: workers: expected auto or a whole number from 0 to 128, got 0.5',
  ],
  ['no workers', and('workers: ~'), 'f.yaml:3:10: workers: expected auto or a whole number from 0 to 128, got nothing'],

  ['a listener without bind', withListeners('{ pool: main }'), 'f.yaml:1:13: listeners[0].bind: missing'],
  ['a listener without pool', withListeners('{ bind: "h:1" }'), 'f.yaml:1:13: listeners[0].pool: missing'],
  ['a listener that is a word', withListeners('main'), 'f.yaml:1:13: listeners[0]: expected a mapping, got "main"'],
  [
    'a bind without port',
    withListeners('{ bind: h, pool: main }'),
    'f.yaml:1:21: listeners[0].bind: expected host:port, [v6]:port or an absolute socket path, got "h"',
  ],
  [
    'a bind that is a port',
    withListeners('{ bind: 6380, pool: main }'),
    'f.yaml:1:21: listeners[0].bind: expected a string, got 6380',
  ],
  [
    'a bare IPv6 bind',
    withListeners('{ bind: "::1:6380", pool: main }'),
    'f.yaml:1:21: listeners[0].bind: expected host:port, [v6]:port or an absolute socket path, got "::1:6380"',
  ],
  [
    'a node for scripts without keys that the pool does not have',
    withNodes('{ id: cache-1, host: h }', ', keyless_scripts: cahce-1'),
    'f.yaml:2:70: pools.main.keyless_scripts: expected any or the id of a node of this pool, got "cahce-1"; did you mean "cache-1"?',
  ],
  [
    'a node for scripts without keys in a memcached pool',
    withPool('protocol: memcached, keyless_scripts: h'),
    'f.yaml:2:61: pools.main.keyless_scripts: only for redis pools',
  ],
  [
    'an unknown pool',
    withListeners('{ bind: "h:1", pool: mian }'),
    'f.yaml:1:34: listeners[0].pool: no pool is named "mian"; did you mean "main"?',
  ],
  [
    "another protocol than the pool's",
    withListener('protocol: memcached'),
    'f.yaml:1:67: listeners[0].protocol: this listener speaks memcached, but pool "main" is a redis pool',
  ],
  [
    'an unknown protocol',
    withListener('protocol: http'),
    'f.yaml:1:67: listeners[0].protocol: expected one of redis, memcached, got "http"',
  ],
  [
    'a bind given twice',
    withListeners('{ bind: "h:1", pool: main, name: a }, { bind: "H:1", pool: main, name: b }'),
    'f.yaml:1:59: listeners[1].bind: duplicate bind "h:1"; entry 0 of this list has it too',
  ],
  [
    'a socket given twice',
    withListeners('{ bind: /a, pool: main, name: a }, { bind: /a, pool: main, name: b }'),
    'f.yaml:1:56: listeners[1].bind: duplicate bind "/a"; entry 0 of this list has it too',
  ],
  [
    'a listener name given twice',
    withListeners('{ bind: "h:1", pool: main, name: a }, { bind: "h:2", pool: main, name: a }'),
    'f.yaml:1:84: listeners[1].name: duplicate listener name "a"; entry 0 of this list has it too',
  ],
  [
    'a mode for a TCP port',
    withListener('unix_mode: "0600"'),
    'f.yaml:1:68: listeners[0].unix_mode: only for a unix socket; this listener binds a TCP port',
  ],
  [
    'a mode that is not octal',
    withListeners('{ bind: /a, pool: main, unix_mode: "0688" }'),
    'f.yaml:1:48: listeners[0].unix_mode: expected octal digits in quotes such as "0660", got "0688"',
  ],
  [
    'a mode without quotes',
    withListeners('{ bind: /a, pool: main, unix_mode: 0660 }'),
    'f.yaml:1:48: listeners[0].unix_mode: expected a string, got 660',
  ],
  ['a backlog of 0', withListener('backlog: 0'), 'f.yaml:1:66: listeners[0].backlog: expected at least 1, got 0'],

  [
    'a pool name with a space',
    `${listeners}pools: { main: { nodes: [{ host: h }] }, "a b": { nodes: [{ host: h }] } }\n`,
    'f.yaml:2:42: pools.a b: expected a pool name of 1 to 64 letters, digits, ".", "_" or "-"',
  ],
  [
    'a mistyped protocol of a pool',
    withPool('protocol: memcache'),
    'f.yaml:2:50: pools.main.protocol: expected one of redis, memcached, got "memcache"; did you mean "memcached"?',
  ],
  ['a node without address', withNodes('{ id: a }'), 'f.yaml:2:26: pools.main.nodes[0]: missing host (or socket)'],
  [
    'a node with two addresses',
    withNodes('{ host: h, socket: /a }'),
    'f.yaml:2:26: pools.main.nodes[0]: give either host or socket, not both',
  ],
  [
    'a socket with a port',
    withNodes('{ socket: /a, port: 1 }'),
    'f.yaml:2:26: pools.main.nodes[0]: a node with a socket has no port',
  ],
  [
    'a relative socket',
    withNodes('{ socket: a.sock }'),
    'f.yaml:2:36: pools.main.nodes[0].socket: expected an absolute path of at most 103 bytes, got "a.sock"',
  ],
  [
    'a host with a port',
    withNodes('{ host: "h:6379" }'),
    'f.yaml:2:34: pools.main.nodes[0].host: expected a host name or an IP address, got "h:6379"',
  ],
  [
    'a port too large',
    withNodes('{ host: h, port: 65536 }'),
    'f.yaml:2:43: pools.main.nodes[0].port: expected at most 65535, got 65536',
  ],
  [
    'a port as text',
    withNodes('{ host: h, port: "6379" }'),
    'f.yaml:2:43: pools.main.nodes[0].port: expected a number, got "6379"',
  ],
  [
    'a weight of 0',
    withNodes('{ host: h, weight: 0 }'),
    'f.yaml:2:45: pools.main.nodes[0].weight: expected at least 1, got 0',
  ],
  [
    'a fractional weight',
    withNodes('{ host: h, weight: 1.5 }'),
    'f.yaml:2:45: pools.main.nodes[0].weight: expected a whole number, got 1.5',
  ],
  [
    'an id with a space',
    withNodes('{ host: h, id: a b }'),
    'f.yaml:2:41: pools.main.nodes[0].id: expected 1 to 255 characters without spaces or control characters, got "a b"',
  ],
  [
    'an id given twice',
    withNodes('{ id: a, host: h }, { id: b, host: h }, { id: a, host: i }'),
    'f.yaml:2:72: pools.main.nodes[2].id: duplicate node id "a"; entry 0 of this list has it too',
  ],
  [
    'an address given twice without ids',
    withNodes('{ host: h }, { host: h, port: 6379 }'),
    'f.yaml:2:47: pools.main.nodes[1].host: duplicate node id "h:6379"; entry 0 of this list has it too',
  ],
  [
    'a ring name where keys follow the id',
    withNodes('{ host: h, name: n }'),
    'f.yaml:2:37: pools.main.nodes[0].name: only for ketama and modula; "consistent_hashing" places keys by the id',
  ],
  [
    'a ring name given twice',
    withNodes('{ id: a, host: h, name: n }, { id: b, host: i, name: n }', ', partitioning: { algorithm: ketama }'),
    'f.yaml:2:79: pools.main.nodes[1].name: duplicate ring name "n"; entry 0 of this list has it too',
  ],
  [
    'more nodes than a pool may have',
    withNodes(Array.from({ length: 1025 }, (_, index) => `{ host: h${index} }`).join()),
    'f.yaml:2:25: pools.main.nodes: expected at most 1024 list items, got 1025',
  ],

  [
    'an unknown algorithm',
    withPool('partitioning: { algorithm: ketema }'),
    'f.yaml:2:67: pools.main.partitioning.algorithm: expected one of consistent_hashing, maglev, jump, rendezvous, ketama, modula, random, redis_cluster, got "ketema"; did you mean "ketama"?',
  ],
  [
    'a hash tag of one character',
    withPool('partitioning: { hash_tag: "{" }'),
    'f.yaml:2:66: pools.main.partitioning.hash_tag: expected two characters such as "{}", or "" to turn it off, got "{"',
  ],
  [
    'a hash tag of two characters but four bytes',
    withPool('partitioning: { hash_tag: "«»" }'),
    'f.yaml:2:66: pools.main.partitioning.hash_tag: expected two characters such as "{}", or "" to turn it off, got "«»"',
  ],
  [
    'no replicas',
    withPool('partitioning: { replicas: 0 }'),
    'f.yaml:2:66: pools.main.partitioning.replicas: expected at least 1, got 0',
  ],
  [
    'replicas where there are no points',
    withPool('partitioning: { algorithm: jump, replicas: 9 }'),
    'f.yaml:2:73: pools.main.partitioning.replicas: jump does not use it',
  ],
  [
    'a hash for random',
    withPool('partitioning: { algorithm: random, hash: md5 }'),
    'f.yaml:2:75: pools.main.partitioning.hash: random does not use it',
  ],
  [
    'another hash for redis_cluster',
    withPool('partitioning: { algorithm: redis_cluster, hash: md5 }'),
    'f.yaml:2:54: pools.main.partitioning: redis_cluster hashes with crc16, not md5',
  ],
  [
    'no hash tag for redis_cluster',
    withPool('partitioning: { algorithm: redis_cluster, hash_tag: "" }'),
    'f.yaml:2:92: pools.main.partitioning.hash_tag: redis_cluster has the hash tag "{}" and cannot do without',
  ],
  [
    'a ring that is too large',
    withNodes('{ host: h, weight: 10000 }', ', partitioning: { replicas: 65536 }'),
    'f.yaml:2:69: pools.main.partitioning: the ring would have 655360000 points (total weight 10000 × 65536 replicas), at most 4194304: divide the weights by their common factor or lower replicas',
  ],

  [
    'a duration in an unknown unit',
    withPool('timeouts: { request: 5 parsecs }'),
    'f.yaml:2:61: pools.main.timeouts.request: expected a duration such as 200ms or 5s, got "5 parsecs"',
  ],
  [
    'a duration without unit',
    withPool('timeouts: { request: 5 }'),
    'f.yaml:2:61: pools.main.timeouts.request: expected a duration such as 200ms or 5s, got 5',
  ],
  [
    'a duration too long',
    withPool('timeouts: { request: 2h }'),
    'f.yaml:2:61: pools.main.timeouts.request: expected 1ms to 1h, or 0, got "2h"',
  ],
  [
    'too long a time to connect',
    withPool('timeouts: { connect: 11m }'),
    'f.yaml:2:61: pools.main.timeouts.connect: expected 1ms to 10m, or 0, got "11m"',
  ],
  [
    'too many connections',
    withPool('connections: 1025'),
    'f.yaml:2:53: pools.main.connections: expected at most 1024, got 1025',
  ],
  [
    'nothing in flight',
    withPool('limits: { in_flight_per_node: 0 }'),
    'f.yaml:2:70: pools.main.limits.in_flight_per_node: expected at least 1, got 0',
  ],

  [
    'a login of memcached nodes',
    `listeners: [{ bind: "h:1", pool: main }]\npools: { main: { protocol: memcached, nodes: [{ host: h }], auth: { password: x } } }\n`,
    'f.yaml:2:61: pools.main.auth: only for redis pools',
  ],
  [
    'databases of memcached nodes',
    `listeners: [{ bind: "h:1", pool: main }]\npools: { main: { protocol: memcached, nodes: [{ host: h }], databases: 4 } }\n`,
    'f.yaml:2:61: pools.main.databases: only for redis pools',
  ],
  [
    'reads over several memcached nodes',
    `listeners: [{ bind: "h:1", pool: main }]\npools: { main: { protocol: memcached, nodes: [{ host: h }], cross_node_reads: false } }\n`,
    'f.yaml:2:61: pools.main.cross_node_reads: only for redis pools',
  ],
  [
    'a word for whether reads may cross nodes',
    withPool('cross_node_reads: maybe'),
    'f.yaml:2:58: pools.main.cross_node_reads: expected true or false, got "maybe"',
  ],
  [
    'admin commands of memcached nodes',
    `listeners: [{ bind: "h:1", pool: main }]\npools: { main: { protocol: memcached, nodes: [{ host: h }], admin_commands: refuse } }\n`,
    'f.yaml:2:61: pools.main.admin_commands: only for redis pools',
  ],
  [
    'the value size of redis nodes',
    withPool('value_size: 2MiB'),
    'f.yaml:2:40: pools.main.value_size: only for memcached pools',
  ],
  [
    'what a get answers on a partial failure of redis nodes',
    withPool('on_partial_failure: error'),
    'f.yaml:2:40: pools.main.on_partial_failure: only for memcached pools',
  ],
  [
    'a word that is no answer to a partial failure',
    `listeners: [{ bind: "h:1", pool: main }]\npools: { main: { protocol: memcached, nodes: [{ host: h }], on_partial_failure: retry } }\n`,
    'f.yaml:2:81: pools.main.on_partial_failure: expected one of miss, error, got "retry"',
  ],
  [
    'a login without password',
    withPool('auth: { username: u }'),
    'f.yaml:2:46: pools.main.auth.password: missing; give password or password_file',
  ],
  [
    'two passwords',
    withPool('auth: { password: a, password_file: b }'),
    'f.yaml:2:76: pools.main.auth.password_file: give either password or password_file, not both',
  ],
  [
    'a password that is not set',
    withPool('auth: { password: "${UNSET}" }'),
    'f.yaml:2:58: pools.main.auth.password: environment variable UNSET is not set',
  ],
  [
    'a password that is empty in the environment',
    withPool('auth: { password: "${EMPTY}" }'),
    'f.yaml:2:58: pools.main.auth.password: environment variable EMPTY is empty',
  ],
  [
    'a user that is not set',
    withPool('auth: { username: "${UNSET}", password: x }'),
    'f.yaml:2:58: pools.main.auth.username: environment variable UNSET is not set',
  ],
  [
    'a variable within other text',
    withPool('auth: { password: "a${SET}" }'),
    'f.yaml:2:58: pools.main.auth.password: expected ${NAME} and nothing else; a secret that contains "${" itself goes into password_file',
  ],
  [
    'a password that is a number',
    withPool('auth: { password: 12345 }'),
    'f.yaml:2:58: pools.main.auth.password: expected a string, got a number',
  ],
  [
    'an empty password',
    withPool('auth: { password: "" }'),
    'f.yaml:2:58: pools.main.auth.password: expected at least 1 character, got 0',
  ],
  [
    'a password file that is not there',
    withPool('auth: { password_file: /nonexistent/p }'),
    'f.yaml:2:63: pools.main.auth.password_file: cannot read /nonexistent/p: ENOENT',
  ],

  ['no clients', and('limits: { clients: 0 }'), 'f.yaml:3:20: limits.clients: expected at least 1, got 0'],
  [
    'a decimal unit',
    and('limits: { request_size: 5MB }'),
    'f.yaml:3:25: limits.request_size: expected a size such as 64KiB or 16MiB, or a number of bytes, got "5MB"',
  ],
  [
    'a request larger than offsets can count',
    and('limits: { request_size: 2GiB }'),
    'f.yaml:3:25: limits.request_size: expected 1KiB to 2047MiB, got "2GiB"',
  ],
  [
    'a negative size',
    and('limits: { bulk_size: -1 }'),
    'f.yaml:3:22: limits.bulk_size: expected a size such as 64KiB or 16MiB, or a number of bytes, got -1',
  ],
  [
    'an infinite count',
    and('limits: { arguments: .inf }'),
    'f.yaml:3:22: limits.arguments: expected a number, got Infinity',
  ],
  [
    'nesting deeper than the stack',
    and('limits: { reply_nesting: 100000 }'),
    'f.yaml:3:26: limits.reply_nesting: expected at most 1024, got 100000',
  ],
  [
    'an idle timeout too short',
    and('limits: { idle_timeout: 5ms }'),
    'f.yaml:3:25: limits.idle_timeout: expected 1s to 720h, or 0, got "5ms"',
  ],
  [
    'a drain too long',
    and('timeouts: { drain: 1h }'),
    'f.yaml:3:20: timeouts.drain: expected 1ms to 10m, or 0, got "1h"',
  ],
  [
    'an unknown log level',
    and('log: { level: verbose }'),
    'f.yaml:3:15: log.level: expected one of trace, debug, info, warn, error, fatal, silent, got "verbose"',
  ],
  [
    'an unknown log format',
    and('log: { format: jsn }'),
    'f.yaml:3:16: log.format: expected one of auto, json, pretty, got "jsn"; did you mean "json"?',
  ],
];

describe('parseConfig refuses', () => {
  it.each(cases)('%s', (_name, text, line) => {
    expect(problemsOf(text)).toEqual([line]);
  });
});

describe('a login of clients', () => {
  it.each([
    [
      'a database that the pool does not have',
      'database: 16',
      'expected less than 16, the databases of pool "main"; got 16',
    ],
    ['two passwords', 'password: a, password_file: b', 'give either password or password_file, not both'],
    ['a password that is a number', 'password: 4711', 'expected a string, got a number'],
    ['a password that is not set', 'password: "${NONE}"', 'environment variable NONE is not set'],
  ])('refuses %s', (_name, field, message) => {
    expect(problemsOf(withListener(field))).toEqual([expect.stringMatching(/^f\.yaml:1:\d+: listeners\[0\]\./)]);
    expect(problemsOf(withListener(field))[0]).toContain(message);
  });

  it.each(['password: a', 'password_file: a', 'database: 1'])('refuses %s for a memcached pool', (field) => {
    const text = withListener(field).replace('main: { ', 'main: { protocol: memcached, ');
    expect(problemsOf(text)).toEqual([expect.stringMatching(/: only for redis pools$/)]);
  });
});

describe('statistics', () => {
  it('are not served on a unix socket', () => {
    expect(problemsOf(and('stats: { bind: /run/s.sock }'))).toEqual([
      'f.yaml:3:16: stats.bind: expected host:port or [v6]:port, got "/run/s.sock"',
    ]);
  });
});

describe('parseConfig', () => {
  it('accepts the file that the cases change', () => {
    expect(problemsOf(and(''))).toEqual([]);
  });

  it('reports problems of all kinds at once, in the order of the file', () => {
    const text = [
      'workers: x',
      'listeners:',
      '  - { bind: "h:1", pool: gone }',
      '  - { bind: "h:1", pool: main }',
      'pools:',
      '  main:',
      '    nodes: [{ id: a, host: h }, { id: a, host: i, prot: 3 }, { id: a, host: j }]',
      'workers: y',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      'f.yaml:3:26: listeners[0].pool: no pool is named "gone"',
      'f.yaml:4:13: listeners[1].bind: duplicate listener name "h:1"; entry 0 of this list has it too',
      'f.yaml:4:13: listeners[1].bind: duplicate bind "h:1"; entry 0 of this list has it too',
      'f.yaml:7:51: pools.main.nodes[1].prot: unknown key; did you mean "port"?',
      'f.yaml:7:68: pools.main.nodes[2].id: duplicate node id "a"; entry 0 of this list has it too',
      'f.yaml:8:1: workers: duplicate key, first given on line 1',
      'f.yaml:8:10: workers: expected auto or a whole number from 0 to 128, got "y"',
    ]);
  });

  it('shows at most 20 problems and counts the others', () => {
    const bad = Array.from({ length: 50 }, (_, index) => `k${index}: 1`).join('\n');
    const lines = problemsOf(and(bad));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('f.yaml: and 30 more problems');
  });

  it('cuts long values and keeps every message on one line', () => {
    const lines = problemsOf(and(`cluster: { name: "${'long '.repeat(100)}\\n\\n" }`));
    expect(lines).toHaveLength(1);
    expect(lines[0]!.length).toBeLessThan(200);
  });

  it('follows an alias to where the mistake is', () => {
    const text = `${listeners}pools:\n  main: { nodes: &n [{ host: h, port: 0 }] }\n  more: { nodes: *n }\n`;
    expect(problemsOf(text)).toEqual([
      'f.yaml:3:39: pools.main.nodes[0].port: expected at least 1, got 0',
      'f.yaml:3:39: pools.more.nodes[0].port: expected at least 1, got 0',
    ]);
  });

  it('refuses aliases that would grow without bound', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const lines = problemsOf(`a0: &a0 [x]\n${levels.join('\n')}\n`);
    expect(lines).toEqual(['f.yaml:1:1: not valid YAML: Excessive alias count indicates a resource exhaustion attack']);
  });

  it('never shows what a secret field holds', () => {
    const text = withPool('auth: { username: [hunter2], password: [hunter2], passwort: hunter2 }');
    expect(problemsOf(text).join('\n')).not.toContain('hunter2');
    expect(problemsOf(text)).toHaveLength(3);
  });
});
