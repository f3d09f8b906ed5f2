/**
 * Cases that use load-generator.mjs: load with latencies, and the memory that idle connections cost.
 * Used by run.mjs (idle) and memcached.mjs. The generator is a child process, ended with its measurement.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { residentBytes } from './processes.mjs';

const program = join(import.meta.dirname, '../load-generator.mjs');
const OPEN_FILES_WANTED = 65_536;
const DEADLINE_SECONDS = 60;
/** Memory is read when two readings, this far apart, differ by less than 1 %. */
const SETTLE_INTERVAL_MS = 500;
const SETTLE_READINGS_MAX = 10;

/** Starts a generator; resolves with its first line as an object. `release` ends an idle one. */
function startGenerator(job, deadlineSeconds) {
  const raise = `ulimit -n ${OPEN_FILES_WANTED} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"`;
  const command = ['-c', raise, 'bash', process.execPath, program, JSON.stringify(job)];
  const child = spawn('bash', command, { stdio: ['pipe', 'pipe', 'pipe'] });
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const timer = setTimeout(onExit, deadlineSeconds * 1_000);
  const closed = new Promise((resolve) => child.once('close', resolve)).then(() => {
    clearTimeout(timer);
    process.off('exit', onExit);
  });
  const firstLine = new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    child.stderr.on('data', (piece) => (errors += piece));
    child.stdout.on('data', (piece) => {
      output += piece;
      if (output.includes('\n')) resolve(JSON.parse(output));
    });
    void closed.then(() => reject(new Error(`the load generator ended without a result: ${errors.trim()}`)));
  });
  return { firstLine, closed, release: () => child.stdin.end() };
}

/** `requests` as in requests.mjs. The warm-up before the first round of a subject is a quarter of a measurement. */
export function generatedLoadCase(name, { connections, pipeline, requests }) {
  const warm = new Set();
  const run = async (subject, seconds) => {
    const job = { mode: 'load', port: subject.port, connections, pipeline, seconds, requests };
    const generator = startGenerator(job, seconds + DEADLINE_SECONDS);
    const result = await generator.firstLine;
    await generator.closed;
    return result;
  };
  return {
    name,
    prepare: async (subject, seconds) => {
      if (!warm.has(subject.name)) await run(subject, seconds / 4);
      warm.add(subject.name);
    },
    measure: run,
  };
}

async function settledBytes(pid) {
  let last = residentBytes(pid);
  for (let i = 0; i < SETTLE_READINGS_MAX; i++) {
    await delay(SETTLE_INTERVAL_MS);
    const now = residentBytes(pid);
    if (now === null || Math.abs(now - last) < last / 100) return now;
    last = now;
  }
  return last;
}

/** Growth of resident memory per client that was answered once and then stays silent. Only where /proc exists. */
export function idleClientsCase(name, { connections, requests }) {
  return {
    name,
    fresh: true,
    measure: async (subject) => {
      const before = residentBytes(subject.pid);
      const generator = startGenerator({ mode: 'idle', port: subject.port, connections, requests }, DEADLINE_SECONDS);
      await generator.firstLine;
      const after = await settledBytes(subject.pid);
      generator.release();
      await generator.closed;
      if (before === null || after === null) return { rssMiB: null, bytesPerClient: null };
      return { rssMiB: after / 1024 / 1024, bytesPerClient: (after - before) / connections };
    },
  };
}
