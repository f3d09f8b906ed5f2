/**
 * `node bench/micro-framer.mjs [--quick]`, after a build: what the RESP framers cost by themselves.
 * First nanoseconds per small frame, in 64 KiB reads full of them. Then frames far larger than a read, cut into 64 KiB
 * pieces and collected as a session does: nanoseconds per KiB must stay level from 1 to 100 MB, or the cost is not
 * linear. Each figure is the median of several runs; the machine's load shows in the first ones.
 */
import { BufferPool } from '../dist/io/buffer-pool.js';
import { GrowingBuffer } from '../dist/io/growing-buffer.js';
import { ReplyFramer } from '../dist/protocol/resp/reply-framer.js';
import { RequestFramer } from '../dist/protocol/resp/request-framer.js';
import { Scan } from '../dist/protocol/resp/scan.js';

const quick = process.argv.includes('--quick');
const RUNS = quick ? 1 : 7;
const READ_BYTES = 65_536;
const SMALL_READS = quick ? 50 : 2_000;
const LARGE_MB = quick ? [1] : [1, 20, 100];
const ELEMENT = '$10\r\n0123456789\r\n';

const requestLimits = {
  bulkBytesMax: 512 * 1024 ** 2,
  argumentsMax: 100_000_000,
  inlineBytesMax: 65_536,
  requestBytesMax: 1024 ** 3,
};
const replyLimits = { nestingMax: 128, lineBytesMax: 65_536 };
const pool = new BufferPool(16);
const newRequestFramer = () => new RequestFramer(requestLimits);
const newReplyFramer = () => new ReplyFramer(replyLimits);

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Median nanoseconds that `work` takes, after one run that is not counted. */
function timeNs(work) {
  work();
  const runs = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start);
  });
  return median(runs);
}

/** Scans a read full of equal frames again and again. */
function smallFrame(name, frame, newFramer) {
  const perRead = Math.floor(READ_BYTES / frame.length);
  const read = Buffer.from(frame.repeat(perRead), 'latin1');
  const framer = newFramer();
  const ns = timeNs(() => {
    for (let i = 0; i < SMALL_READS; i++) {
      for (let at = 0; at < read.length; at = framer.end) {
        if (framer.scan(read, at, read.length) !== Scan.frame) throw new Error(`${name}: ${framer.error}`);
      }
    }
  });
  console.log(`| ${name} | ${(ns / (SMALL_READS * perRead)).toFixed(1)} |`);
}

/** Collects a cut request until its frame is whole, as a session does. */
function collectRequest(bytes) {
  const framer = newRequestFramer();
  const collected = new GrowingBuffer(pool);
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    collected.append(bytes, at, Math.min(bytes.length, at + READ_BYTES), framer.bytesNeeded - collected.length);
    const result = framer.scan(collected.buffer, 0, collected.length);
    if (result === Scan.frame) return framer.end;
    if (result !== Scan.more) throw new Error(framer.error);
  }
  return -1;
}

/** Passes a cut reply by, as a channel does: only a cut line is shown again. */
function passReply(bytes) {
  const framer = newReplyFramer();
  let from = 0;
  for (let end = READ_BYTES; ; end += READ_BYTES) {
    const result = framer.scan(bytes, from, Math.min(end, bytes.length));
    if (result === Scan.frame) return framer.end;
    if (result !== Scan.more || end >= bytes.length) throw new Error(`not a whole reply: ${framer.error}`);
    from = framer.consumed;
  }
}

function largeFrame(name, make, pass) {
  const cells = LARGE_MB.map((megabytes) => {
    const bytes = make(megabytes * 1_000_000);
    const ns = timeNs(() => {
      if (pass(bytes) !== bytes.length) throw new Error(`${name}: the frame does not end where it should`);
    });
    return (ns / (bytes.length / 1024)).toFixed(1);
  });
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}

const bulk = (text) => `$${text.length}\r\n${text}\r\n`;
const key = bulk('key:000000012345');
const joined = (head, body, tail) => Buffer.concat([Buffer.from(head), body, Buffer.from(tail)]);
const elements = (size) => Math.floor(size / ELEMENT.length);

console.log(`Node ${process.version}, medians of ${RUNS}\n\n| small frame | ns |\n| --- | --: |`);
smallFrame('request GET', `*2\r\n${bulk('GET')}${key}`, newRequestFramer);
smallFrame('request SET, 64 bytes', `*3\r\n${bulk('SET')}${key}${bulk('x'.repeat(64))}`, newRequestFramer);
smallFrame('request MGET, 100 keys', `*101\r\n${bulk('MGET')}${key.repeat(100)}`, newRequestFramer);
smallFrame('reply +OK', '+OK\r\n', newReplyFramer);
smallFrame('reply of 64 bytes', bulk('x'.repeat(64)), newReplyFramer);
smallFrame('reply of 4 KiB', bulk('x'.repeat(4_096)), newReplyFramer);
smallFrame('reply of 100 elements', `*100\r\n${ELEMENT.repeat(100)}`, newReplyFramer);

console.log(`\n| ns/KiB, in 64 KiB pieces | ${LARGE_MB.map((each) => `${each} MB`).join(' | ')} |`);
console.log(`| --- |${' --: |'.repeat(LARGE_MB.length)}`);
largeFrame(
  'request SET',
  (size) => joined(`*3\r\n${bulk('SET')}${key}$${size}\r\n`, Buffer.alloc(size, 'x'), '\r\n'),
  collectRequest,
);
largeFrame(
  'request of 10-byte arguments',
  (size) => Buffer.from(`*${elements(size)}\r\n${ELEMENT.repeat(elements(size))}`, 'latin1'),
  collectRequest,
);
largeFrame('reply bulk', (size) => joined(`$${size}\r\n`, Buffer.alloc(size, 'x'), '\r\n'), passReply);
largeFrame(
  'reply of 10-byte elements',
  (size) => Buffer.from(`*${elements(size)}\r\n${ELEMENT.repeat(elements(size))}`, 'latin1'),
  passReply,
);
