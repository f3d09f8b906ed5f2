/**
 * A load generator over raw sockets, run as a process of its own: `node bench/load-generator.mjs JOB`, JOB being JSON.
 * Mode `load`: each connection sends a batch, counts the bytes of the replies, sends the next; prints one line of JSON
 * { requests, perSecond, p50Ms, p99Ms, p999Ms }, latencies of whole batches. Bounded by `seconds` and `requestsMax`.
 * Mode `idle`: opens connections, has each answered once, prints { ready }, and holds them until stdin ends.
 * Cost: one write and one or more reads per batch; 16 KiB of read buffer shared by all connections.
 */
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { requestKind } from './support/requests.mjs';

const CONNECTIONS_MAX = 50_000;
const REQUESTS_MAX = 100_000_000;
const DISTINCT_BATCHES = 256;
const DISTINCT_BATCHES_MAX_BYTES = 64 * 1024 * 1024;
const LAST_REPLY_DEADLINE_MS = 10_000;
const OPENING_AT_ONCE = 200;
/** One source address has about 28,000 ports for one destination; Linux takes any of 127.0.0.0/8. */
const CONNECTIONS_PER_SOURCE = 10_000;

const job = JSON.parse(process.argv[2]);
if (!(job.connections >= 1 && job.connections <= CONNECTIONS_MAX)) fail(`connections: 1 to ${CONNECTIONS_MAX}`);
const kind = requestKind(job.requests);
const readBuffer = Buffer.allocUnsafe(65_536);

function fail(message) {
  console.error(`load generator: ${message}`);
  process.exit(1);
}

/** Opens connection `index`; `onBytes(count)` is called for every read, after the first byte of it was checked. */
function open(index, onConnect, onBytes) {
  // The first ones name no source: a port is then chosen for this destination, so that ports that an earlier run left in
  // TIME_WAIT towards another one do not count.
  const group = Math.floor(index / CONNECTIONS_PER_SOURCE);
  const source = process.platform === 'linux' && group > 0 ? `127.0.0.${1 + group}` : undefined;
  const socket = connect({
    host: '127.0.0.1',
    port: job.port,
    localAddress: source,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (count) => {
        onBytes(count);
        return true;
      },
    },
  });
  socket.once('connect', () => onConnect(socket));
  socket.once('error', (error) => fail(`connection ${index + 1}: ${error.message}`));
  socket.once('close', () => fail(`connection ${index + 1} was closed by the server`));
  return socket;
}

const replyStart = kind.replyStart.charCodeAt(0);

function checkStart(count) {
  if (readBuffer[0] !== replyStart) fail(`unexpected reply: ${readBuffer.toString('latin1', 0, Math.min(count, 200))}`);
}

function makeBatches() {
  const size = kind.make().length * job.pipeline;
  const count = Math.max(1, Math.min(DISTINCT_BATCHES, Math.floor(DISTINCT_BATCHES_MAX_BYTES / size)));
  return Array.from({ length: count }, () =>
    Buffer.from(Array.from({ length: job.pipeline }, () => kind.make()).join(''), 'latin1'),
  );
}

function runLoad() {
  const batches = makeBatches();
  const batchReplyBytes = kind.replyBytes * job.pipeline;
  const requestsMax = Math.min(job.requestsMax ?? REQUESTS_MAX, REQUESTS_MAX);
  const latencyUs = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  let connected = 0;
  let busy = 0;
  let requests = 0;
  let nextBatch = 0;
  let startMs = 0;
  let endMs = 0;

  const finish = () => {
    const seconds = (performance.now() - startMs) / 1_000;
    const at = (percent) => latencyUs.percentile(percent) / 1_000;
    console.log(
      JSON.stringify({ requests, perSecond: requests / seconds, p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9) }),
    );
    process.exit(0);
  };

  const starts = [];
  const addConnection = (index) => {
    let awaited = 0;
    let sentMs = 0;
    const send = (socket, nowMs) => {
      awaited = batchReplyBytes;
      sentMs = nowMs;
      requests += job.pipeline;
      socket.write(batches[nextBatch++ % batches.length]);
    };
    const socket = open(
      index,
      () => {
        if (++connected < job.connections) return;
        startMs = performance.now();
        endMs = startMs + job.seconds * 1_000;
        busy = job.connections;
        for (const start of starts) start();
        setTimeout(() => fail('a reply is missing'), job.seconds * 1_000 + LAST_REPLY_DEADLINE_MS);
      },
      (count) => {
        if (awaited === batchReplyBytes) checkStart(count);
        awaited -= count;
        if (awaited > 0) return;
        if (awaited < 0) fail(`${-awaited} bytes more than the replies are long`);
        const nowMs = performance.now();
        latencyUs.record(Math.max(1, Math.round((nowMs - sentMs) * 1_000)));
        if (nowMs < endMs && requests < requestsMax) send(socket, nowMs);
        else if (--busy === 0) finish();
      },
    );
    starts.push(() => send(socket, performance.now()));
  };
  for (let i = 0; i < job.connections; i++) addConnection(i);
}

function runIdle() {
  const request = kind.make();
  let opened = 0;
  let answered = 0;
  const openNext = () => {
    if (opened === job.connections) return;
    let awaited = kind.replyBytes;
    open(
      opened++,
      (socket) => socket.write(request),
      (count) => {
        if (awaited === kind.replyBytes) checkStart(count);
        awaited -= count;
        if (awaited > 0) return;
        answered++;
        if (answered === job.connections) console.log(JSON.stringify({ ready: answered }));
        openNext();
      },
    );
  };
  for (let i = 0; i < OPENING_AT_ONCE; i++) openNext();
  process.stdin.once('end', () => process.exit(0));
  process.stdin.resume();
}

if (job.mode === 'idle') runIdle();
else runLoad();
