/**
 * Random Redis commands for embedded-redis.test.ts, in the notation of embedded-grammar.ts: over few keys, so that types collide and
 * errors are as common as successes. Commands whose answer is random are left out; those without order are sorted by the test.
 * The differential tests of the proxy use the same forms and values with keys of their own.
 */
import fc from 'fast-check';
import { type Words, linesOf } from './embedded-grammar.js';

export const POOLS: Readonly<Record<string, readonly string[]>> = {
  K: ['a', 'b', 'c', 'd', '', 'k\xff\0'],
  V: [
    '',
    'v',
    '1',
    '-5',
    '10',
    '3.5',
    '9223372036854775807',
    'x'.repeat(70),
    '\xff\xfe\r\n\0',
    ' 7',
    '5.0e3',
    'abcdef',
  ],
  I: [
    '0',
    '1',
    '-1',
    '2',
    '3',
    '-2',
    '5',
    '-100',
    '100',
    '9223372036854775807',
    '-9223372036854775808',
    'x',
    '01',
    '1.5',
    '',
  ],
  // Ranges by member are defined only where all scores are equal: this key gets no others.
  Z: ['z'],
  N: ['0', '1', '2', '3', '5', '-1', 'x'],
  F: [
    '0',
    '1',
    '-1.5',
    '0.1',
    '0.2',
    '3',
    '1e2',
    '10.25',
    'inf',
    '-inf',
    'nan',
    '+3',
    '1e-7',
    '123456789.123',
    'x',
    '',
  ],
  B: ['-inf', '+inf', '(1', '0', '1', '2', '(2', '3.5', '(inf', 'x', '(', '(x'],
  L: ['-', '+', '[a', '(a', '[b', '(c', '[d', 'x', '', '[', '('],
  M: ['a', 'b', 'c', 'd', 'e', '', '\xff', '12'],
  T: ['100', '1000', '0', '-1', 'x', '9223372036854775807', '9223372036854775'],
  // Long enough that none runs out during a run.
  Q: ['100000', '1000000', '0', '-1', 'x', '9223372036854775807'],
  U: ['1', '4102444800', '4102444900', '4102440000', 'x', '-5'],
  P: ['*', 'a*', '[a-c]', '?', '*\\*', '[^a]', 'k*', '[a', '*\xff*', '[b-'],
};

export const FORMS = `
get {K}
set {K} {V}
set {K} {V} <nx|xx|get|keepttl>*
set {K} {V} ex {T} <nx|xx|get>?
set {K} {V} px {Q} <nx|xx|get>?
set {K} {V} exat 4102444800 get?
set {K} {V} pxat 4102444800123
set {K} {V} <ex|keepttl|persist>
setnx {K} {V}
setex {K} {T} {V}
psetex {K} {Q} {V}
getset {K} {V}
getdel {K}
getex {K} <persist>?
getex {K} <ex|exat> {T} persist?
getex {K} px {Q}
mget {K}+
mset <{K} {V}>+
mset {K} {V} {K}
msetnx <{K} {V}>+
append {K} {V}
strlen {K}
getrange {K} {I} {I}
substr {K} {I} {I}
setrange {K} <0|1|5|-1|x|70|9223372036854775807> {V}
incr {K}
decr {K}
incrby {K} {I}
decrby {K} {I}
incrbyfloat {K} {F}
setbit {K} <0|1|7|8|100|-1|x|99999999999> <0|1|2|x>
getbit {K} <0|1|7|8|100|-1|x>
bitcount {K}
bitcount {K} {I} {I} <byte|bit|x>?
bitcount {K} {I}
del {K}+
unlink {K}
exists {K}+
touch {K}+
type {K}
expire {K} {T} <nx|xx|zz>*
pexpire {K} {Q}
expireat {K} {U} <nx|xx|gt|lt>*
pexpireat {K} 4102444800123 <gt|lt>?
ttl {K}
pttl {K}
expiretime {K}
pexpiretime {K}
persist {K}
rename {K} {K}
renamenx {K} {K}
copy {K} {K} replace?
copy {K} {K} db <0|1|16|x> replace?
move {K} <1|0|16|x>
keys {P}
dbsize
scan 0 count 1000 <match {P}>? <type <string|hash|list|set|zset|x>>?
scan {I} count 1000 match zzz
hset {K} <{M} {V}>+
hset {K} {M} {V} {M}
hmset {K} <{M} {V}>+
hsetnx {K} {M} {V}
hget {K} {M}
hmget {K} {M}+
hgetall {K}
hdel {K} {M}+
hlen {K}
hexists {K} {M}
hkeys {K}
hvals {K}
hincrby {K} {M} {I}
hincrbyfloat {K} {M} {F}
hstrlen {K} {M}
hscan {K} 0 count 1000 <match {P}>?
sscan {K} 0 match {P} count 1000
zscan {K} 0 count 1000 <match {P}>? <type string>?
lpush {K} {M}+
rpush {K} {M}+
lpushx {K} {M}+
rpushx {K} {M}+
lpop {K} {N}?
rpop {K} {N}?
llen {K}
lrange {K} {I} {I}
lindex {K} {I}
lset {K} {I} {M}
linsert {K} <before|after|x> {M} {M}
lrem {K} {I} {M}
ltrim {K} {I} {I}
lpos {K} {M} <rank <1|2|-1|-2|0|x>>? <count {N}>? <maxlen {N}>?
lmove {K} {K} <left|right|x> <left|right>
rpoplpush {K} {K}
sadd {K} {M}+
srem {K} {M}+
smembers {K}
sismember {K} {M}
smismember {K} {M}+
scard {K}
spop {K} <0|100|-1|x>
srandmember {K} <0|x>
smove {K} {K} {M}
sinter {K}+
sunion {K}+
sdiff {K}+
sinterstore {K} {K}+
sunionstore {K} {K}+
sdiffstore {K} {K}+
sintercard {N} {K}+ <limit {N}>?
zadd {K} <nx|xx|gt|lt|ch>* <{F} {M}>+
zadd {K} <nx|xx|gt|lt>? incr {F} {M}
zadd {K} {F} {M} {F}
zadd z <1 {M}>+
del z
set z 1
zincrby {K} {F} {M}
zrem {K} {M}+
zscore {K} {M}
zmscore {K} {M}+
zcard {K}
zcount {K} {B} {B}
zlexcount {Z} {L} {L}
zrank {K} {M}
zrevrank {K} {M}
zrange {K} {I} {I} <rev|withscores|byscore>*
zrange {K} {B} {B} byscore <rev|withscores>* <limit {I} {I}>?
zrange {Z} {L} {L} bylex rev? <limit {I} {I}>?
zrevrange {K} {I} {I} withscores?
zrangebyscore {K} {B} {B} withscores? <limit {I} {I}>?
zrevrangebyscore {K} {B} {B} withscores? <limit {I} {I}>?
zrangebylex {Z} {L} {L} <limit {I} {I}>?
zrevrangebylex {Z} {L} {L} <withscores|byscore|limit>?
zrangestore {K} {K} {I} {I} <rev|byscore|withscores>?
zrangestore {K} {K} {B} {B} byscore rev? <limit {N} {N}>?
zremrangebyrank {K} {I} {I}
zremrangebyscore {K} {B} {B}
zremrangebylex {Z} {L} {L}
zpopmin {K} {N}?
zpopmax {K} {N}?
zrandmember {K} <0|x>
zunionstore {K} {N} {K}+ <weights {F}+>? <aggregate <sum|min|max|x>>?
zinterstore {K} 2 {K} {K} <aggregate <min|max>>?
zunion {N} {K}+ withscores?
zinter 2 {K} {K} <weights 2 {F}>? withscores?
zdiff {N} {K}+ withscores?
zdiffstore {K} {N} {K}+
zintercard {N} {K}+ <limit {N}>?
ping {V}?
echo {V}
select <0|1|16|-1|x>
client getname
client setname <n1||a b>
client nosuch
object nosuch {K}
object freq {K}
config
auth {V} {V}?
auth default x
hello <4|x|2 x|2 setname>
time x
flushall x
nosuch {V}*
`;

/** An argument less makes the answer random; Redis 7.2 gave the ranks an option that 7.0 refuses. */
const FIXED = new Set(['spop', 'srandmember', 'zrandmember', 'zrank', 'zrevrank']);

/** Command lines in binary strings. One in twelve loses its last argument or gets one too many. */
export const redisCommand: fc.Arbitrary<Words> = fc
  .tuple(linesOf(FORMS, POOLS), fc.integer({ min: 0, max: 23 }))
  .map(([words, chance]) => {
    if (FIXED.has(words[0]!)) return words;
    if (chance === 0 && words.length > 1) return words.slice(0, -1);
    return chance === 1 ? [...words, '1'] : words;
  });
