/**
 * `npm run soak`: a million mixed requests (GET, SET, MGET, DEL, INCR, in pipelines) from 200 connections through
 * Ringward over three redis-servers, while clients are killed at random in the middle of their pipelines. Fails at the
 * first reply that is wrong, lost or not asked for, and when the proxy's memory still grows in the last half of the run:
 * the median of its RSS in the last quarter may be at most 15 % above that of the third. Prints one line of JSON.
 */
import { clearInterval, setInterval } from 'node:timers';
import { parseArgs } from 'node:util';
import { cpuMicroseconds, residentBytes } from './support/processes.mjs';
import { startNodes, startSubjects } from './support/subjects.mjs';
import { seededRandom, TaggedClient } from './support/tagged-client.mjs';

const USAGE = `Options
  --requests N     requests in all (default 1000000)
  --connections N  connections at once (default 200)
  --kills N        clients killed during the run (default 2000)
  --seed N         for the same requests again (default: by the clock)`;
const RSS_SAMPLES = 400;
const RSS_GROWTH_MAX = 1.15;
const SILENCE_MAX_MS = 20_000;

function readOptions() {
  const option = { type: 'string' };
  const flags = { requests: option, connections: option, kills: option, seed: option, help: { type: 'boolean' } };
  const { values } = parseArgs({ options: flags });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const number = (name, fallback, min) => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isInteger(value) || value < min) throw new Error(`--${name} must be a whole number from ${min}`);
    return value;
  };
  return {
    requests: number('requests', 1_000_000, 1000),
    connections: number('connections', 200, 1),
    kills: number('kills', 2000, 0),
    seed: number('seed', Date.now() % 2 ** 32, 0),
  };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Runs the load to its end; resolves with what happened, rejects at the first failure. */
function runLoad(proxy, { requests, connections, kills, seed }) {
  const random = seededRandom(seed);
  const clients = new Set();
  const rss = [];
  const totals = { sent: 0, answered: 0, killed: 0, lostWithClients: 0, clients: 0 };
  return new Promise((resolve, reject) => {
    const onFailure = (text) => reject(new Error(`${text} (seed ${seed})`));
    const finishIfDone = () => {
      if (totals.sent < requests || [...clients].some((client) => client.answered < client.sent)) return;
      clearInterval(watch);
      for (const client of clients) {
        totals.answered += client.answered;
        client.kill();
      }
      resolve({ ...totals, rss });
    };
    const retire = (client) => {
      client.kill();
      clients.delete(client);
      totals.killed++;
      totals.answered += client.answered;
      totals.lostWithClients += client.sent - client.answered;
    };
    const open = () => {
      const id = `c${++totals.clients}`;
      clients.add(new TaggedClient({ port: proxy.port, id, random, onIdle, onFailure }));
    };
    const onIdle = (client) => {
      const left = requests - totals.sent;
      if (left <= 0) {
        finishIfDone();
        return;
      }
      totals.sent += client.sendPipeline(left);
      while (rss.length < (totals.sent / requests) * RSS_SAMPLES) rss.push(residentBytes(proxy.pid) ?? 0);
      if (totals.killed < (totals.sent / requests) * kills) {
        // Any client, whatever it awaits: mostly one in the middle of its replies.
        retire([...clients][Math.floor(random() * clients.size)]);
        open();
      }
    };
    let last = -1;
    const watch = setInterval(() => {
      const seen = totals.sent + [...clients].reduce((sum, client) => sum + client.answered, 0);
      if (seen === last) onFailure(`no reply for ${SILENCE_MAX_MS} ms: replies are lost`);
      last = seen;
    }, SILENCE_MAX_MS);
    for (let i = 0; i < connections; i++) open();
  });
}

const options = readOptions();
const nodes = await startNodes('redis');
const [proxy] = await startSubjects('redis', nodes, { peerOnly: false, direct: false, ringwardOnly: true });
const cpuBefore = cpuMicroseconds(proxy.pid);
const startMs = performance.now();
const { rss, ...totals } = await runLoad(proxy, options);
const seconds = (performance.now() - startMs) / 1000;
const quarter = Math.floor(rss.length / 4);
const [third, fourth] = [median(rss.slice(2 * quarter, 3 * quarter)), median(rss.slice(3 * quarter))];
const growth = third === 0 ? 1 : fourth / third;
const cpu = cpuMicroseconds(proxy.pid);
console.log(
  JSON.stringify({
    ...totals,
    seed: options.seed,
    seconds: Number(seconds.toFixed(1)),
    perSecond: Math.round(totals.sent / seconds),
    cpuMicrosPerRequest: cpu === null ? null : Number(((cpu - cpuBefore) / totals.sent).toFixed(2)),
    rssMiB: {
      third: Math.round(third / 2 ** 20),
      fourth: Math.round(fourth / 2 ** 20),
      growth: Number(growth.toFixed(3)),
    },
  }),
);
if (proxy.hasExited()) throw new Error(`the proxy exited: ${proxy.output()}`);
if (growth > RSS_GROWTH_MAX) throw new Error(`memory grew by ${((growth - 1) * 100).toFixed(1)} % in the last quarter`);
await proxy.stop();
await Promise.all(nodes.map((node) => node.stop()));
