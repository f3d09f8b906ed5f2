/**
 * Runs redis-benchmark for about a wanted time and reads its table. It measures by count, not by time, so the count
 * comes from short runs before, which also warm the subject up. Latencies are those of a whole pipeline batch.
 */
import { spawn } from 'node:child_process';
import { requireProgram } from './processes.mjs';

const CALIBRATION_SECONDS = 0.15;
const CALIBRATION_DEADLINE_SECONDS = 60;
const REQUESTS_MAX = 50_000_000;
const OVERRUN_FACTOR = 20;

/** One run of exactly `requests` requests. Rejects on any error reply, and kills a run that hangs. */
function runCount({ port, clients, pipeline, keyspace, command }, requests, deadlineSeconds) {
  const args = ['-h', '127.0.0.1', '-p', port, '-c', clients, '-P', pipeline, '-n', requests, '-r', keyspace];
  const all = [...args, '--precision', 3, ...command].map(String);
  return new Promise((resolve, reject) => {
    const child = spawn(requireProgram('redis-benchmark'), all, { stdio: ['ignore', 'pipe', 'pipe'] });
    const onExit = () => child.kill('SIGKILL');
    process.once('exit', onExit);
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineSeconds * 1_000);
    let output = '';
    let errors = '';
    child.stdout.on('data', (piece) => (output += piece));
    child.stderr.on('data', (piece) => (errors += piece));
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('exit', onExit);
      const table = output.slice(output.lastIndexOf('\r') + 1);
      if (code !== 0 || /Error from server|ERR /.test(output + errors)) {
        const text = (errors + table).trim().slice(-600);
        reject(new Error(`redis-benchmark ${command[0]} ended with ${code ?? 'a time-out'}: ${text}`));
      } else resolve(readTable(table, requests));
    });
  });
}

/** The percentile rows are ever finer and carry a bound each: the first row at or past the wanted one is its value. */
function readTable(table, requests) {
  const rows = [...table.matchAll(/^([\d.]+)% <= ([\d.]+) milliseconds/gm)].map((row) => row.slice(1).map(Number));
  const split = rows.findIndex(([percent], i) => i > 0 && percent < rows[i - 1][0]);
  const distribution = split < 0 ? rows : rows.slice(0, split);
  const at = (wanted) => distribution.find(([percent]) => percent >= wanted)?.[1] ?? null;
  const summary = /avg\s+min\s+p50\s+p95\s+p99\s+max\s+([\d. ]+)/.exec(table)?.[1]?.trim().split(/\s+/).map(Number);
  const perSecond = Number(/throughput summary: ([\d.]+)/.exec(table)?.[1]);
  if (summary === undefined || !(perSecond > 0)) throw new Error(`redis-benchmark printed no summary: ${table}`);
  return { requests, perSecond, p50Ms: summary[2], p99Ms: summary[4], p999Ms: at(99.9) };
}

/**
 * A load as a case: `prepare` finds the count that takes about `seconds`, once for each subject, and `measure` runs it.
 * `load` is { clients, pipeline, keyspace, command }.
 */
export function redisBenchmarkCase(name, load) {
  const counts = new Map();
  return {
    name,
    prepare: async (subject, seconds) => {
      if (!counts.has(subject.name))
        counts.set(subject.name, await calibrate({ ...load, port: subject.port }, seconds));
    },
    measure: (subject, seconds) =>
      runCount({ ...load, port: subject.port }, counts.get(subject.name), seconds * OVERRUN_FACTOR),
  };
}

async function calibrate(job, seconds) {
  let count = job.clients * job.pipeline;
  for (;;) {
    const { perSecond } = await runCount(job, count, CALIBRATION_DEADLINE_SECONDS);
    const enough = count / perSecond >= CALIBRATION_SECONDS || count >= REQUESTS_MAX;
    if (enough) return Math.min(REQUESTS_MAX, Math.max(count, Math.ceil(perSecond * seconds)));
    count *= 4;
  }
}
