/**
 * `node bench/micro-memcache.mjs [--quick]`, after a build: what a get of 100 keys over three nodes costs by itself:
 * splitting the client's line, finding the ends of the nodes' replies, merging those. Nanoseconds per key, the median of
 * several runs; keys of 12 bytes, values of 64.
 */
import { McReplyKind } from '../dist/protocol/memcache/commands.js';
import { McMerger } from '../dist/protocol/memcache/merge.js';
import { McReplyFramer } from '../dist/protocol/memcache/reply-framer.js';
import { McRequestFramer } from '../dist/protocol/memcache/request-framer.js';
import { McScan } from '../dist/protocol/memcache/scan.js';

const quick = process.argv.includes('--quick');
const RUNS = quick ? 1 : 15;
const TIMES = quick ? 50 : 5_000;
const KEYS = 100;
const NODES = 3;
const VALUE = 'x'.repeat(64);

const keys = Array.from({ length: KEYS }, (_, i) => `small:${String(i * 7919).padStart(6, '0')}`);
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

function measure(name, work) {
  work();
  const runs = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < TIMES; i++) work();
    return Number(process.hrtime.bigint() - start);
  });
  console.log(`| ${name} | ${(median(runs) / (TIMES * KEYS)).toFixed(1)} |`);
}

const line = Buffer.from(`get ${keys.join(' ')}\r\n`);
const partOf = Uint16Array.from(keys, (_, i) => (i * 5) % NODES);
const replies = Array.from({ length: NODES }, (_, node) => {
  const items = keys.filter((_, i) => partOf[i] === node).map((key) => `VALUE ${key} 0 64\r\n${VALUE}\r\n`);
  const bytes = Buffer.from(`${items.join('')}END\r\n`);
  return { bytes, start: 0, end: bytes.length };
});
const views = replies.map(({ bytes }) => viewOf(bytes));

console.log('| get of 100 keys | ns per key |\n| --- | --: |');
const requestFramer = new McRequestFramer();
measure('split the request', () => {
  if (requestFramer.next(line, 0, line.length) !== McScan.frame) throw new Error('the request is not whole');
});
const replyFramer = new McReplyFramer();
measure('frame the replies', () => {
  for (const { bytes } of replies) {
    if (replyFramer.next(bytes, 0, bytes.length, McReplyKind.values) !== McScan.frame) throw new Error('cut reply');
  }
});
const merger = new McMerger();
const keyAt = requestFramer.args.slice(2, 2 + 2 * KEYS);
const asked = { line, lineView: viewOf(line), keyAt, keys: KEYS, partOf, parts: NODES };
measure('merge the replies', () => {
  if (!merger.merge(asked, replies, views)) throw new Error('a stranger among the items');
});
