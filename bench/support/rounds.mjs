/**
 * Measures every case on every subject in alternating rounds, so that a slow minute of the machine hits all subjects,
 * and reports medians. A case is { name, fresh?, prepare?(subject, seconds), measure(subject, seconds) }, where
 * measure resolves to numbers (null: not known here) with `requests` among them for the CPU per request; what prepare
 * does is not counted. `fresh` cases get a new process each time, for memory. Used by run.mjs and memcached.mjs.
 */
import { cpuMicroseconds, residentBytes } from './processes.mjs';

function median(values) {
  const known = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}

async function measureOnce(each, subject, seconds) {
  if (each.fresh) {
    await subject.restart();
    return each.measure(subject, seconds);
  }
  await each.prepare?.(subject, seconds);
  const before = cpuMicroseconds(subject.pid);
  const result = await each.measure(subject, seconds);
  const after = cpuMicroseconds(subject.pid);
  const cpuPerRequestUs = before === null || after === null ? null : (after - before) / result.requests;
  const rss = residentBytes(subject.pid);
  return { ...result, cpuPerRequestUs, rssMiB: rss === null ? null : rss / 1024 / 1024 };
}

/** Measures one case. A subject that fails a round is out of the case: its result is { failure } instead of numbers. */
async function runCase(each, subjects, { rounds, seconds }) {
  const samples = Object.fromEntries(subjects.map(({ name }) => [name, []]));
  const failures = {};
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? subjects : [...subjects].reverse();
    for (const subject of order.filter(({ name }) => failures[name] === undefined)) {
      try {
        samples[subject.name].push(await measureOnce(each, subject, seconds));
      } catch (error) {
        failures[subject.name] = error.message;
        console.error(`${each.name}, ${subject.name}, round ${round + 1}: ${error.message}`);
      }
    }
  }
  const results = {};
  for (const { name } of subjects) {
    const taken = samples[name];
    const metrics = Object.keys(taken[0] ?? {});
    results[name] =
      failures[name] === undefined
        ? Object.fromEntries(metrics.map((key) => [key, median(taken.map((sample) => sample[key]))]))
        : { failure: failures[name] };
  }
  return { name: each.name, kind: each.fresh ? 'idle' : 'load', results, samples };
}

/**
 * Runs all cases. Resolves to [{ name, kind, results: { subjectName: { metric: median } | { failure } }, samples }].
 * A failure of Ringward makes the exit status 1; one of the others is a result like any other.
 */
export async function runRounds(cases, subjects, options) {
  const report = [];
  for (const each of cases) {
    const entry = await runCase(each, subjects, options);
    report.push(entry);
    console.error(progressLine(entry.name, entry.results));
    if (entry.results.ringward?.failure !== undefined) process.exitCode = 1;
  }
  return report;
}

function progressLine(name, results) {
  const parts = Object.entries(results).map(([subject, result]) => {
    const facts = [];
    if (result.failure !== undefined) facts.push('failed');
    if (result.perSecond !== undefined) facts.push(`${Math.round(result.perSecond)}/s`);
    if (typeof result.cpuPerRequestUs === 'number') facts.push(`${result.cpuPerRequestUs.toFixed(2)} us`);
    if (typeof result.bytesPerClient === 'number')
      facts.push(`${(result.bytesPerClient / 1024).toFixed(1)} KiB/client`);
    return `${subject} ${facts.join(', ')}`;
  });
  return `${name}: ${parts.join(' | ')}`;
}
