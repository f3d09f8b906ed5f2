// What the script cache costs each EVAL, nanoseconds a call (src/shape/script-cache.ts).
// npm run build && node bench/micro-scripts.mjs
import { hash } from 'node:crypto';
import { WorkerCounters } from '../dist/metrics/counters.js';
import { ScriptCache } from '../dist/shape/script-cache.js';

const ROUNDS = 50_000;

/** The best of five rounds: what else runs on the machine only ever adds. */
function nanosecondsOf(work) {
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    const began = performance.now();
    for (let i = 0; i < ROUNDS; i++) work(round * ROUNDS + i);
    if (round > 0) best = Math.min(best, ((performance.now() - began) / ROUNDS) * 1e6);
  }
  return Math.round(best);
}

for (const length of [60, 120, 1000, 10_000]) {
  const text = Buffer.alloc(length, 'local x = 1 ');
  const cache = new ScriptCache(new WorkerCounters(), 16 << 20);
  const sha = cache.learn(text, 0, length).sha;
  console.log(`script of ${length} bytes`);
  console.log(
    '  EVAL, text seen before ',
    nanosecondsOf(() => cache.learn(text, 0, length)),
  );
  console.log(
    '  EVAL, text never seen  ',
    nanosecondsOf((i) => cache.learn(text, text.writeUInt32LE(i) - 4, length)),
  );
  console.log(
    '  SHA1 alone             ',
    nanosecondsOf(() => hash('sha1', text)),
  );
  console.log(
    '  EVALSHA, looking it up ',
    nanosecondsOf(() => cache.find(sha)),
  );
}
