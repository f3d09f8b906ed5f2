/**
 * The keys of the differential tests: a few of every type, in every encoding that a small value can have, some missing,
 * one gone, some that expire in a hundred years. `FILL` is the requests that bring them about, sent again every few dozen
 * requests, because the requests between soon turn them into something else.
 * Names have no tag here; requests.ts puts one before each.
 */
import type { Words } from '../integration/embedded-grammar.js';

/** A library for FCALL. Loaded at each server, not through the proxy. */
export const LIBRARY = `#!lua name=tests
local function echo(keys, args) return {keys, args} end
local function put(keys, args) return redis.call('set', keys[1], args[1]) end
redis.register_function{function_name='echo', callback=echo, flags={'no-writes'}}
redis.register_function('put', put)
redis.register_function('fail', function() error('failed') end)
`;

const LONG = 'long'.repeat(18);

/** Names by the group of the commands that they suit. */
export const KEYS = {
  string: ['str', 'int', 'float', 'empty', 'longstr', 'ttl'],
  bitmap: ['bits', 'str', 'int'],
  hyperloglog: ['hll', 'hll2', 'hll3'],
  list: ['list', 'ints', 'quicklist'],
  set: ['set', 'set2', 'iset'],
  hash: ['hash', 'numbers', 'bighash'],
  sorted_set: ['zset', 'floats', 'bigzset'],
  geo: ['geo', 'geo2'],
  stream: ['stream', 'stream2'],
  missing: ['none', 'none2', 'gone', '', 'k\xff\0\r\n'],
} as const;

export const ALL_KEYS: readonly string[] = [...new Set(Object.values(KEYS).flat())];

/** The only key whose members are asked by their order as texts: all its scores are equal. No other request writes it. */
export const LEXICAL_KEY = 'z';

const FUTURE_MS = '4102444800000';
const [grp, bob] = ['grp', 'bob'];

export const FILL: readonly Words[] = [
  ['del', ...ALL_KEYS, LEXICAL_KEY],
  ['set', 'str', 'hello, world'],
  ['set', 'int', '10'],
  ['set', 'float', '3.5'],
  ['set', 'empty', ''],
  ['set', 'longstr', 'x'.repeat(3000)],
  ['set', 'ttl', 'v', 'pxat', FUTURE_MS],
  // Expired; whoever asks for it removes it, and DBSIZE counts it until then.
  ['set', 'gone', 'v', 'pxat', '1'],
  ['exists', 'gone'],
  ['set', 'bits', '\x00\xff\xf0\x0a'],
  ['pfadd', 'hll', 'a', 'b', 'c'],
  ['pfadd', 'hll2', 'c', 'd'],
  ['rpush', 'list', 'a', 'b', 'c', 'b', '1', 'x'],
  ['rpush', 'ints', '3', '1', '2', '10'],
  ['rpush', 'quicklist', LONG, 'a', 'x'.repeat(9000), 'b'],
  ['sadd', 'set', 'a', 'b', 'c', '1'],
  ['sadd', 'set2', 'b', 'c', 'd'],
  ['sadd', 'iset', '1', '2', '3', '70000'],
  ['hset', 'hash', 'a', '1', 'b', 'two', 'c', '', 'd', '3.5'],
  ['hset', 'numbers', 'a', '5', 'b', '-1', 'c', '0.25'],
  ['hset', 'bighash', 'a', LONG, 'b', '2', 'c', '3'],
  ['pexpireat', 'bighash', FUTURE_MS],
  ['zadd', 'zset', '1', 'a', '2', 'b', '3', 'c', '3', 'd'],
  ['zadd', 'floats', '-1.5', 'a', '0.1', 'b', '1e2', 'c', 'inf', 'd'],
  ['zadd', 'bigzset', '1', 'a', '2', LONG, '5', 'b'],
  ['zadd', LEXICAL_KEY, '1', 'a', '1', 'b', '1', 'c', '1', 'd'],
  ['geoadd', 'geo', '13.361389', '38.115556', 'Palermo', '15.087269', '37.502669', 'Catania', '2.3522', '48.8566', 'a'],
  ['geoadd', 'geo2', '-0.1276', '51.5072', 'b', '2.3522', '48.8566', 'Paris'],
  ['xadd', 'stream', '1-1', 'a', '1'],
  ['xadd', 'stream', '1-2', 'b', '2', 'c', '3'],
  ['xadd', 'stream', '2-0', 'a', '\xff\0'],
  ['xadd', 'stream2', '1-1', 'f', 'v'],
  ['xgroup', 'create', 'stream', grp, '0'],
  ['xgroup', 'create', 'stream2', grp, '$'],
  ['xreadgroup', 'group', grp, bob, 'count', '2', 'streams', 'stream', '>'],
];
