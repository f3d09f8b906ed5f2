/**
 * Requests that are malformed, or odd though legal, for the comparison of the proxy with redis-server. Strings are latin1.
 * Each group is a way in which clients go wrong; a case has the shortest bytes that show it, and mostly a PING behind
 * them, so that a parser that lost its place is found out.
 */
import { encodeCommand } from '../support/wire.js';

export interface Case {
  readonly name: string;
  readonly bytes: string | Buffer;
}

/** What both show where they differ on purpose. */
export interface KnownDifference extends Case {
  readonly reason: string;
  readonly redis: { readonly replies: string; readonly closes: boolean };
  readonly ringward: { readonly replies: string; readonly closes: boolean };
}

const PING = '*1\r\n$4\r\nPING\r\n';
const SET = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n';
const GET = '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n';
const big = (length: number): string => 'x'.repeat(length);

const named = (group: string, texts: readonly string[]): Case[] =>
  texts.map((bytes) => ({
    name: `${group}: ${JSON.stringify(bytes.length > 60 ? `${bytes.slice(0, 57)}...` : bytes)}`,
    bytes,
  }));

const counts = named('a request count', [
  ...['*0\r\n', '*-1\r\n', '*-2\r\n', '*-2147483649\r\n', '*-9999999999999999\r\n'].map((text) => text + PING),
  ...['*\r\n', '*a\r\n', '*1a\r\n', '* 1\r\n', '*+1\r\n', '*01\r\n', '*-0\r\n', '*--1\r\n', '*1.0\r\n'].map(
    (t) => t + PING,
  ),
  ...['*2147483648\r\n', '*9223372036854775808\r\n', '*99999999999999999999\r\n'],
  ...['*', '*1', '*1\r', '*1\r\n', '*1\n', '**1\r\n', '*1\n$4\nPING\n'],
  '*1\rX$4\r\nPING\r\n',
  `*1\r\r${PING}`,
]);

const lengths = named('a bulk length', [
  ...['$-1\r\n', '$-2\r\n', '$\r\n', '$a\r\n', '$4a\r\n', '$ 4\r\n', '$+4\r\n', '$04\r\n', '$-0\r\n', '$4.0\r\n'].map(
    (text) => `*1\r\n${text}PING\r\n${PING}`,
  ),
  ...['$536870913\r\n', '$2147483648\r\n', '$9223372036854775807\r\n', '$9223372036854775808\r\n'].map(
    (t) => `*1\r\n${t}`,
  ),
  ...['$', '$4', '$4\r', '$4\r\n', '$4\r\nPI', '$4\r\nPING', '$4\r\nPING\r'].map((text) => `*1\r\n${text}`),
  `*1\r\n$4\rXPING\r\n${PING}`,
  `*1\r\n$4\nPING\n${PING}`,
  '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-1\r\n',
  `*3\r\n$-1\r\n$-1\r\n$-1\r\n${PING}`,
  '*2\r\n$3\r\nGET\r\n$536870912\r\n',
]);

const types = named('a wrong type byte', [
  ...[
    ':5\r\n',
    '+OK\r\n',
    '-ERR\r\n',
    '*1\r\n',
    '_\r\n',
    ',1.5\r\n',
    '#t\r\n',
    '%1\r\n',
    '>1\r\n',
    '\r\n',
    '\n\r\n',
    '4\r\n',
  ].map((text) => `*2\r\n$3\r\nGET\r\n${text}${PING}`),
  ...['\t\r\n', '\x01\r\n', '\x7f\r\n', '\xff\r\n', "'\r\n", '"\r\n', '\\\r\n', '%s\r\n'].map(
    (text) => `*1\r\n${text}`,
  ),
  ...['+OK\r\n', '-ERR\r\n', ':1\r\n', '$4\r\nPING\r\n', '%1\r\n', '>1\r\n', '(1\r\n', '_\r\n'].map((t) => t + PING),
]);

const lineEnds = named('a missing or odd line end', [
  `*1\r\n$4\r\nPINGXX${PING}`,
  `*1\r\n$4\r\nPING\n\n${PING}`,
  `*1\r\n$4\r\nPING\r${PING}`,
  `*1\r\n$4\r\nPING${PING}`,
  `*1\r\n$3\r\nPING\r\n${PING}`,
  `*1\r\n$5\r\nPING\r\n${PING}`,
  `*1\r\n$8\r\nPING\r\n${PING}`,
  `*3\r\n$3\r\nSETXX$1\r\nkYY$1\r\nvZZ${GET}`,
  `*3\rX$3\rYSETXX$1\rZkYY$1\r\nvZZ${GET}`,
  `\r\n\r\n\n${PING}\r\n${PING}`,
  `${PING}\0`,
]);

const inline = named('an inline request', [
  ...[
    'PING\r\n',
    'PING\n',
    'ping\r\n',
    '  PING  \r\n',
    '\tPING\r\n',
    'PING\r\r\n',
    '\vPING\r\n',
    'PING\v\r\n',
    'PING\f\r\n',
  ],
  ...['\r\n', '\n', ' \r\n', '\t\v\f \r\n', '\r\r\n'].map((text) => text + PING),
  ...[
    'PING hello\r\n',
    'PING "hello world"\r\n',
    "PING 'hello world'\r\n",
    'PING ""\r\n',
    "PING ''\r\n",
    'PING a b\r\n',
  ],
  ...[
    'PING "\\x00\\xff\\r\\n\\a\\b\\t\\q"\r\n',
    "PING '\\n\\x41\\''\r\n",
    'PING a\\n\r\n',
    'PING "\\x4"\r\n',
    'PING "\\xg0"\r\n',
  ],
  ...['PING "a\r\n', "PING 'a\r\n", 'PING "a"b\r\n', "PING 'a'b\r\n", '"PING\r\n', '"\r\n', 'PING "\\"\r\n'].map(
    (t) => t + PING,
  ),
  ...[
    'PI"NG"\r\n',
    '"PING"\r\n',
    "'PING'\r\n",
    'PING a"b c"\r\n',
    'PING "a"\t\r\n',
    'PING "a"\v"b"\r\n',
    'PING a\vb\r\n',
  ],
  ...[
    '""\r\n',
    "'' a\r\n",
    '"\\x00"\r\n',
    '\x80\xff\r\n',
    'PING \xff\xfe\r\n',
    'SET k v\r\nGET k\r\n',
    'GET\r\n',
    'PING',
    'PING\r',
  ],
  ...['SET "a\\x00b" "\\r\\n"\r\nGET "a\\x00b"\r\n', 'DEL a b c d e f g h\r\n', 'MGET a b c\r\n'],
  `PING ${big(60_000)}\r\n`,
  `SET k ${big(60_000)}\r\nSTRLEN k\r\n`,
  ...[`${PING}PING\r\n${PING}`, `PING\r\n${SET}GET k\r\n`, '$\r\n', '-\r\n', '#\r\n', 'GET / HTTP/1.1\r\n'],
]);

const tooLongLines: Case[] = [
  { name: 'a line of 70000 bytes that does not end', bytes: big(70_000) },
  { name: 'a count of 70000 digits', bytes: `*${'1'.repeat(70_000)}` },
  { name: 'a length of 70000 digits', bytes: `*1\r\n$${'1'.repeat(70_000)}` },
  { name: 'requests, then a line that does not end', bytes: `${SET}${GET}${big(70_000)}` },
];

const commands = named(
  'a command',
  [
    ...['*1\r\n$0\r\n\r\n', '*2\r\n$0\r\n\r\n$0\r\n\r\n', '*1\r\n$1\r\n\0\r\n', '*1\r\n$2\r\n\r\n\r\n'].map(
      (t) => t + PING,
    ),
    ...[['nosuch'], ['NoSuch', 'a', "b'c"], ['no\r\nsuch', 'x\ny\rz'], ['a\0b', 'c\0d', 'e'], ['\xff\xfe', '\x80']],
    [big(128)],
    [big(129)],
    [big(5000), 'a'],
    ['nosuch', big(127), 'b'],
    ['nosuch', big(128), 'b'],
    ['nosuch', big(5000), 'b', 'c'],
    ['nosuch', ...Array<string>(200).fill('argument')],
    ['nosuch', ...Array<string>(200).fill('')],
    ...[
      ['GET'],
      ['GET', 'a', 'b'],
      ['SET', 'a'],
      ['PING', 'a', 'b'],
      ['MGET'],
      ['MSET', 'a'],
      ['MSET', 'a', 'b', 'c'],
      ['DEL'],
    ],
    ...[
      ['ECHO'],
      ['ECHO', 'a', 'b'],
      ['HSET', 'a', 'b'],
      ['INCR'],
      ['EXISTS'],
      ['SELECT'],
      ['CLIENT'],
      ['OBJECT', 'ENCODING'],
    ],
    ...[
      ['CLIENT', 'NOSUCH'],
      ['CLIENT', 'a\r\nb'],
      ['CONFIG', 'x\0y'],
      ['OBJECT', big(200)],
      ['CLIENT', ''],
    ],
    ...[
      ['PING', '\0\r\n\xff'],
      ['PING', ''],
      ['ECHO', ''],
      ['ECHO', '\r\n+OK\r\n'],
      ['pInG'],
      ['gEt', 'k'],
      ['PING '],
      [' PING'],
    ],
    ...[
      ['SET', 'k', 'v', 'XX', 'NX'],
      ['SET', 'k', 'v', 'EX', '0'],
      ['INCRBY', 'k', 'x'],
      ['LPUSH', 'k', 'a'],
      ['GETRANGE', 'k', '0', 'x'],
    ],
    ...[
      ['SELECT', '99'],
      ['SELECT', 'x'],
      ['QUIT'],
      ['quit', 'now'],
      ['HELLO', '9'],
      ['HELLO', 'x'],
      ['AUTH'],
      ['AUTH', 'x'],
    ],
    ...[['post', '/'], ['HOST:', 'localhost'], ['Post']],
  ].map((words) =>
    typeof words === 'string'
      ? words
      : encodeCommand(...words.map((w) => Buffer.from(w, 'latin1'))).toString('latin1') + PING,
  ),
);

const BINARY_KEYS = [
  '',
  '\0',
  '\r\n',
  '\n',
  '\xff',
  '\xff\xfe\0\r\n$1\r\n',
  ' ',
  '{}',
  '{',
  '}',
  '{}{a}',
  '\0\0',
  big(512 * 1024),
];

const keys: Case[] = BINARY_KEYS.map((key) => {
  const bytes = Buffer.from(key, 'latin1');
  const value = Buffer.from('\r\n\0\xff', 'latin1');
  return {
    name: `a key: ${key.length > 60 ? `${key.length} bytes` : JSON.stringify(key)}`,
    bytes: Buffer.concat([
      encodeCommand('SET', bytes, value),
      encodeCommand('GET', bytes),
      encodeCommand('MSET', bytes, 'a', 'other', 'b', 'third', 'c'),
      encodeCommand('MGET', 'third', bytes, 'other', bytes, 'none'),
      encodeCommand('EXISTS', bytes, bytes, 'other'),
      encodeCommand('DEL', bytes, 'other', bytes),
      encodeCommand('GET', bytes),
      encodeCommand('GET', 'third'),
    ]),
  };
});

const pipelines: Case[] = [
  { name: 'a request behind a broken one', bytes: `${SET}*1\r\n$x\r\n${GET}` },
  { name: 'requests before a broken one, for several nodes', bytes: `${SET}MGET k a b c d e f\r\n${GET}*3\r\n:1\r\n` },
  { name: 'requests before one that is cut', bytes: `${SET}${GET}*2\r\n$3\r\nGET\r\n$10\r\nabc` },
  { name: 'requests behind QUIT', bytes: `${SET}QUIT\r\n${GET}` },
  {
    name: 'many arguments',
    bytes: Buffer.concat([encodeCommand('DEL', ...Array<string>(10_000).fill('k')), Buffer.from(PING)]),
  },
  { name: 'a count of 1048576 and no more', bytes: '*1048576\r\n$3\r\nDEL\r\n$1\r\nk\r\n' },
  { name: 'many small requests', bytes: `${SET}${`${GET}PING\r\n`.repeat(3000)}` },
  {
    name: 'a value of 1 MiB, twice',
    bytes: Buffer.concat([encodeCommand('SET', 'k', big(1 << 20)), Buffer.from(GET + GET)]),
  },
];

export const CASES: readonly Case[] = [
  ...counts,
  ...lengths,
  ...types,
  ...lineEnds,
  ...inline,
  ...tooLongLines,
  ...commands,
  ...keys,
  ...pipelines,
];

const waits = { replies: '', closes: false };
const badCount = { replies: '-ERR Protocol error: invalid multibulk length\r\n', closes: true };
const badLength = { replies: '-ERR Protocol error: invalid bulk length\r\n', closes: true };
const tooLong = { replies: '-ERR Protocol error: too big inline request\r\n', closes: true };

/** redis-server finds line ends with strchr, which stops at a NUL: it waits for more, up to 64 KiB, whatever comes. */
const NUL = 'a NUL in a line hides its end from redis-server';

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'a NUL in an inline request',
    bytes: 'PING\0\r\n',
    reason: NUL,
    redis: waits,
    ringward: { replies: '+PONG\r\n', closes: false },
  },
  { name: 'a NUL in a count', bytes: `*1\0\r\n${PING}`, reason: NUL, redis: waits, ringward: badCount },
  { name: 'a NUL in a length', bytes: `*1\r\n$4\0\r\nPING\r\n${PING}`, reason: NUL, redis: waits, ringward: badLength },
  {
    name: 'a NUL in place of a bulk',
    bytes: `*1\r\n\0\r\n${PING}`,
    reason: NUL,
    redis: waits,
    ringward: { replies: "-ERR Protocol error: expected '$', got ''\r\n", closes: true },
  },
  {
    name: 'a line of 66000 bytes',
    bytes: `PING ${big(65_993)}\r\n`,
    reason: 'redis-server looks at the limit only when a read ends within the line; here it is exact',
    redis: { replies: `$65993\r\n${big(65_993)}\r\n`, closes: false },
    ringward: tooLong,
  },
  {
    name: 'a count of 1048577',
    bytes: '*1048577\r\n',
    reason: 'the limit on arguments is lower, and can be configured',
    redis: waits,
    ringward: badCount,
  },
  {
    name: 'a count below the smallest 64-bit integer',
    bytes: `*-9223372036854775809\r\n${PING}`,
    reason: 'counts are read as doubles; this one is an empty request like all that are negative',
    redis: badCount,
    ringward: { replies: '+PONG\r\n', closes: false },
  },
];
