/**
 * Forms of requests, in the notation of embedded-grammar.ts, for the commands and options that the embedded node does not
 * have; for the others, embedded-redis-grammar.ts has them. `;` parts requests that belong together. `@` before a word
 * stands for the tag of the keys. Every form counts for the command of its first request.
 * Two rules keep replies comparable: no key expires during a run, and nothing random or by the clock enters a value.
 */

/** Beside those of the embedded grammar, of which `K` is any key, by preference of the form's group. */
export const MORE_POOLS: Readonly<Record<string, readonly string[]>> = {
  bits: ['u8', 'i16', 'u1', 'i64', 'u63', 'u64', 'i0', 'x'],
  offset: ['0', '1', '7', '#0', '#1', '#3', '100', '-1', 'x', '#x'],
  bit: ['0', '1', '2', 'x'],
  place: ['Palermo', 'Catania', 'a', 'b', 'Paris', 'nobody', ''],
  lon: ['13.361389', '2.3522', '-0.1276', '0', '180', '-181', 'x'],
  lat: ['38.115556', '48.8566', '51.5072', '0', '85', '86', 'x'],
  radius: ['200', '1000', '0', '5000', '-1', 'x'],
  unit: ['km', 'm', 'KM', 'ft', 'mi', 'parsec'],
  id: ['1-1', '1-2', '2-0', '3-1', '5-5', '7', '0-0', '0', 'x', '1-x', '18446744073709551615-1'],
  newid: ['3-1', '3-2', '4-0', '5-1', '6', '6-*', '7-*', '1-1', '0-0', 'x', '9-9'],
  end: ['-', '+', '0', '1', '1-1', '(1-1', '2-0', '(2', '9', 'x', '$'],
  group: ['grp', 'grp', 'grp2', 'nogroup', ''],
  consumer: ['bob', 'alice', 'nobody', ''],
  new: ['>', '>', '0', '1-1', '$', 'x'],
  idle: ['0', '0', '99999999', '-1', 'x'],
  pattern: ['@w_*', '@*', 'nosuch', '#', 'x->y', '@hash->*', '@numbers->a', '*'],
  script: [
    'return {KEYS[1],ARGV[1]}',
    "return {1,2.7,'x',{true,false},redis.status_reply('FINE')}",
    "return redis.call('get',KEYS[1])",
    "return redis.call('set',KEYS[1],ARGV[1] or 'v')",
    "return redis.call('incr',KEYS[1])",
    "return redis.pcall('incr',KEYS[1])",
    "return redis.call('lrange',KEYS[1],0,-1)",
    "return redis.call('hget',KEYS[1],'a')",
    "redis.setresp(3); return redis.call('zrange',KEYS[1],0,-1,'withscores')",
    'redis.setresp(3); return {map={a=1}}',
    'return {double=3.5}',
    "return {big_number='12345678901234567890'}",
    "return {verbatim_string={format='txt',string='some'}}",
    'return {set={a=true}}',
    "return redis.error_reply('MY error')",
    "return {err='OTHER error'}",
    "error('raised')",
    "error({err='MINE raised'})",
    'return nosuch',
    'return 1 +',
    "return redis.call('nosuch')",
    "return redis.call('set',KEYS[1])",
    'return cjson.encode({KEYS[1],#ARGV})',
    "return redis.sha1hex(ARGV[1] or '')",
    "return '\\r\\n\\255'",
    '#!lua flags=no-writes\nreturn redis.call("set",KEYS[1],"v")',
    '#!lua name=x\nreturn 1',
    '#!js\nreturn 1',
    '',
  ],
  keypattern: ['@*', '@l*', '@[a-h]*', '@?et', '*', '', '@[a'],
  function: ['echo', 'put', 'fail', 'nosuch', 'ECHO', ''],
  library: ['tests', 'nosuch', 'TESTS', ''],
  config: ['maxmemory-policy', 'hash-max-listpack-entries', 'nosuch', 'lfu-*', 'list-max-l[iz]*', ''],
};

export const MORE_FORMS = `
set {K} {V} px {Q} <nx|xx> get
set {K} {V} get <nx|xx|ex {Q}>*
getex {K} <exat|pxat> {U}
getrange {K} {I} {I} {I}?
lcs {K} {K} <len|idx|withmatchlen|minmatchlen {I}|x>*
bitfield {K} <get {bits} {offset}|set {bits} {offset} {I}|incrby {bits} {offset} {I}|overflow <wrap|SAT|fail|x>>+
bitfield {K}
bitfield_ro {K} <get {bits} {offset}>+
bitfield_ro {K} set {bits} {offset} {I}
bitop <and|or|XOR|x> {K} {K}+
bitop not {K} {K} {K}?
bitpos {K} {bit} <{I} <{I} <byte|BIT|x>?>?>?
bitcount {K} {I} {I} <byte|bit>
object encoding {K}
object refcount {K}
object freq {K}
object idletime {K}
object <nosuch|encodings> {K}
dump {K}
restore {K} 0 {payload} replace
restore {K} 0 {payload}
restore {K} <0|{Q}> {payload} <replace|absttl|idletime {N}|freq {N}|x>*
memory usage {K} <samples <0|5|-1|x>>?
touch {K} {K} {K}
rename {K} none
sort {K} <alpha|desc|asc>*
sort {K} <limit {I} {I}|get {pattern}|asc|DESC|alpha|store {K}>*
sort {K} by {pattern} <get {pattern}|asc|desc|alpha>*
sort {K} by {pattern} store {K}
sort_ro {K} <limit {I} {I}|get {pattern}|asc|desc|alpha>*
sort_ro {K} by {pattern} <get {pattern}|asc|desc|alpha>*
sort_ro {K} store {K}
expire {K} {Q} <nx|xx|GT|lt|zz>*
pexpire {K} {Q} <nx|xx|gt|lt|zz>*
pexpireat {K} <4102444800123|1|x|-1> <nx|xx|gt|LT>*
geoadd {K} <nx|xx|ch>* <{lon} {lat} {place}>+
geoadd {K} {lon} {lat} {place} {lon}
geodist {K} {place} {place} {unit}?
geohash {K} {place}*
geopos {K} {place}*
georadius {K} {lon} {lat} {radius} {unit} <withdist|withcoord|withhash|asc|desc|count {N} any?|x>*
georadius {K} {lon} {lat} 5000 km <store|storedist> {K}
georadius {K} {lon} {lat} 5000 km <asc|count 2>? store {K}
georadius_ro {K} {lon} {lat} {radius} {unit} <withdist|withcoord|withhash|asc|desc|count {N} any?>*
georadius_ro {K} {lon} {lat} 5000 km store {K}
georadiusbymember {K} {place} {radius} {unit} <withdist|withcoord|withhash|asc|desc|count {N} any?>*
georadiusbymember {K} {place} 5000 km <store|storedist> {K}
georadiusbymember_ro {K} {place} {radius} {unit} <withdist|withcoord|withhash|asc|desc|count {N}>*
geosearch {K} <fromlonlat {lon} {lat}|frommember {place}> <byradius {radius} {unit}|bybox {radius} {radius} {unit}> <withdist|withcoord|withhash|asc|desc|count {N} any?>*
geosearch {K} fromlonlat 2 48 frommember a byradius 5 km
geosearchstore {K} {K} <fromlonlat {lon} {lat}|frommember {place}> <byradius 5000 km|bybox 4000 4000 km> <asc|desc|count {N}|storedist>*
lmpop {N} {K} <left|RIGHT|x> <count {N}>?
lmpop 2 {K} {K} <left|right> <count {N}>?
lpos {K} {M} <rank {I}|count {N}|maxlen {N}|x>*
linsert {K} <before|AFTER> b {M}
hrandfield {K} <{I} <withvalues|x>?>?
hscan {K} 0 <count 1000|match {P}|x>*
hincrbyfloat {K} {M} {F}
srandmember {K} {I}?
del none ; sadd none {M} ; spop none
del none ; sadd none {M} ; spop none <1|5>
sintercard <1|2> {K} {K}? <limit {N}>*
sscan {K} 0 <count 1000|match {P}|x>*
zadd {K} <nx|XX|gt|lt|ch|incr>* <{F} {M}>+
zmpop {N} {K} <min|MAX|x> <count {N}>?
zmpop 2 {K} {K} <min|max> <count {N}>?
zrandmember {K} <{I} <withscores|x>?>?
zscan {K} 0 <count 1000|match {P}|x>*
zrank {K} {M} withscore?
zrevrank {K} {M} withscore?
zrangestore {K} z {L} {L} bylex <rev|limit {I} {I}>*
zrangestore {K} {K} {I} {I} <rev|withscores|limit 0 1>*
zunionstore {K} 2 {K} {K} <weights {F} {F}>? <aggregate <sum|MIN|max|x>>?
zinterstore {K} <1|2> {K} {K}? <weights {F} {F}|aggregate sum>*
zunion 2 {K} {K} <weights {F} {F}|aggregate min|WITHSCORES>*
zinter <1|2> {K} {K}? <weights 2 {F}|aggregate max|withscores>*
zdiff 2 {K} {K} withscores?
zdiffstore {K} 2 {K} {K}
zintercard <1|2> {K} {K}? <limit {N}>*
pfadd {K} {M}*
pfcount {K}
pfcount {K} {K}+
pfmerge {K} {K}*
xadd {K} nomkstream? {newid} <{M} {V}>+
xadd {K} <maxlen|minid> <~|=>? <{N}|{id}> <limit {N}>? {newid} {M} {V}
xadd {K} {newid} {M} {V} {M}
xlen {K}
xrange {K} {end} {end} <count {I}>?
xrevrange {K} {end} {end} <count {I}>?
xdel {K} {id}+
xtrim {K} <maxlen|minid|x> <~|=>? <{N}|{id}> <limit {N}>?
xsetid {K} {newid} <entriesadded {I}|maxdeletedid {id}|x>*
xread <count {N}>? streams {K} <{id}|$>
xread <count {N}>? streams {K} {K} {id} {id}
xread streams {K} {K} {id}
xread block <10|x|-1> streams {K} $
xread count 1 block 10 streams {K} {K} <0|$> $
xgroup create {K} {group} <{id}|$> mkstream? <entriesread {I}>?
xgroup createconsumer {K} {group} {consumer}
xgroup delconsumer {K} {group} {consumer}
xgroup destroy {K} {group}
xgroup setid {K} {group} <{id}|$> <entriesread {I}>?
xreadgroup group {group} {consumer} <count {N}|noack>* streams {K} {new}
xreadgroup group {group} {consumer} streams {K} {K} {new} {new}
xreadgroup group {group} {consumer} block <10|x> streams {K} {new}
xreadgroup {group} {consumer} streams {K} {new} 0 0
xack {K} {group} {id}+
xpending {K} {group}
xpending {K} {group} <idle {idle}>? {end} {end} {N} {consumer}?
xclaim {K} {group} {consumer} {idle} {id}+ <idle {idle}|time <1|x>|retrycount {N}|force|justid|lastid {id}|x>*
xautoclaim {K} {group} {consumer} {idle} {id} <count {N}|justid|x>*
xinfo stream {K} <full <count {I}>?>?
xinfo groups {K}
xinfo consumers {K} {group}
xinfo stream stream full
xinfo consumers stream grp
eval {script} 1 {K} {V}*
eval {script} 2 {K} {K} {V}*
eval {script} 0 {V}*
eval {script} {I} {K}
eval_ro {script} 1 {K} {V}*
eval_ro {script} {I} {K}
eval {script} 1 {K} ; evalsha {sha} 1 {K} {V}*
evalsha {onesha} 1 {K} ; eval {onescript} 1 {K} ; evalsha {onesha} 1 {K} {V}*
evalsha_ro {onesha} 1 {K} ; eval {onescript} 1 {K} ; evalsha_ro {onesha} <1|2> {K} {V}*
evalsha {sha} <0|1|2> {K} {V}*
evalsha_ro {sha} 1 {K} {V}*
fcall {function} 1 {K} {V}*
fcall {function} 2 {K} {K} {V}*
fcall {function} <0|x|-1|3> {V}*
fcall_ro {function} 1 {K} {V}*
ping {V}
hello <2|3>
hello <2|3> <setname {M}|auth default {V}|auth nobody x|x>*
auth <default|nobody>? {V}
reset
client setname {M}
client no-evict <on|off|x>
client setname me ; client getname
select <0|1|5|15|16|x> ; set str elsewhere ; get str
echo {V}
time
`;

/** For commands that not every build serves. A form joins when all its commands are served. */
export const LATER_FORMS = `
blpop {K} {K}? <0.01|-1|x>
brpop {K} {K}? <0.01|-1|x>
brpoplpush {K} {K} 0.01
blmove {K} {K} <left|RIGHT> <left|right> <0.01|x>
blmpop <0.01|-1|x> {N} {K} <left|right> <count {N}>?
bzpopmin {K} {K}? <0.01|x>
bzpopmax {K} {K}? <0.01|x>
bzmpop <0.01|x> {N} {K} <min|max> <count {N}>?
multi ; set {K} {V} ; incr {K} ; lrange {K} 0 -1 ; exec
multi ; mget {K} {K} ; del {K} {K} ; exec
multi ; set {K} ; get {K} ; exec
multi ; nosuch ; exec
multi ; multi ; watch {K} ; exec
multi ; exec
multi ; set {K} {V} ; discard ; get {K}
watch {K}+ ; multi ; get {K} ; exec
watch {K} ; set {K} {V} ; multi ; get {K} ; exec
watch {K} ; set {K} {V} ; unwatch ; multi ; get {K} ; exec
multi ; blpop {K} 0 ; exec
dbsize
keys {P}
keys {keypattern}
flushall <async|SYNC|x>?
flushdb <async|SYNC|x>?
script load {script}
script load {script} ; script exists {sha} {sha}
script exists {sha}+
script flush <async|SYNC|x>?
eval {script} 1 {K} ; script flush ; evalsha {sha} 1 {K}
function list <libraryname {library}|withcode|x>*
function load replace? {script}
function delete {library}
function flush <async|SYNC|x>?
config get {config}+
publish {M} {V}
spublish {M} {V}
pubsub channels {P}?
pubsub numsub {M}*
pubsub numpat
swapdb <0|1|x> <1|2|x>
`;
