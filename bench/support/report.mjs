/**
 * Results of a benchmark as Markdown and JSON: printed, saved in bench/results/, and with --write-docs put between
 * markers in docs/benchmarks.md, where the hand-written text around them stays. Used by run.mjs and memcached.mjs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './processes.mjs';

const root = join(import.meta.dirname, '../..');

/** Facts that a reader needs to judge the figures. */
export function machineFacts() {
  const firstLine = (program, ...args) => {
    const path = findProgram(program);
    if (path === undefined) return 'not installed';
    const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
    return `${stdout}${stderr}`.trim().split('\n')[0];
  };
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: /v=\S+/.exec(firstLine('redis-server', '--version'))?.[0].slice(2) ?? 'not installed',
    memcached: firstLine('memcached', '-V').replace('memcached ', ''),
    nutcracker: firstLine('nutcracker', '-V').replace('This is nutcracker-', ''),
    date: new Date().toISOString().slice(0, 10),
  };
}

const number = (value, digits) => (typeof value === 'number' ? value.toFixed(digits) : 'n/a');
const ratio = (results, metric) => {
  const [ours, theirs] = [results.ringward?.[metric], results.nutcracker?.[metric]];
  return typeof ours === 'number' && typeof theirs === 'number' && theirs !== 0 ? (ours / theirs).toFixed(2) : 'n/a';
};

function table(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

/** One table of metrics with a column for each subject and a ratio where both proxies ran. */
function metricTable(report, names, metrics) {
  const both = names.includes('ringward') && names.includes('nutcracker');
  const header = ['case'];
  for (const { title } of metrics) {
    header.push(...names.map((name) => `${title}, ${name}`), ...(both ? ['ratio'] : []));
  }
  const rows = report.map(({ name, results }) => {
    const cells = [name];
    for (const { key, digits, scale = 1 } of metrics) {
      for (const subject of names) {
        const value = results[subject][key];
        const failed = results[subject].failure !== undefined;
        cells.push(failed ? 'failed' : number(typeof value === 'number' ? value * scale : value, digits));
      }
      if (both) cells.push(ratio(results, key));
    }
    return cells;
  });
  return table(header, rows);
}

/** Markdown of a whole report. Ratios are Ringward divided by nutcracker: above 1 is better only for throughput. */
export function toMarkdown(report, names, { rounds, seconds, facts }) {
  const loads = report.filter(({ kind }) => kind === 'load');
  const idle = report.filter(({ kind }) => kind === 'idle');
  const machine = `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB, ${facts.system}, Node ${facts.node}`;
  const peers = `redis ${facts.redis}, memcached ${facts.memcached}, nutcracker ${facts.nutcracker}`;
  const parts = [
    `${facts.date}; ${machine}; ${peers}. Medians of ${rounds} alternating rounds of ${seconds} s.`,
    'Ratios are Ringward divided by nutcracker. `P` is the pipeline depth, `c` the number of connections.',
  ];
  if (loads.length > 0) {
    parts.push(
      metricTable(loads, names, [
        { key: 'perSecond', title: 'requests/s', digits: 0 },
        { key: 'cpuPerRequestUs', title: 'CPU µs/request', digits: 2 },
      ]),
      'Latency of a batch, in milliseconds, with the load generator going as fast as it can:',
      metricTable(loads, names, [
        { key: 'p50Ms', title: 'p50', digits: 2 },
        { key: 'p99Ms', title: 'p99', digits: 2 },
        { key: 'p999Ms', title: 'p99.9', digits: 2 },
      ]),
      'Resident memory of the proxy right after each case (what earlier cases left counts), in MiB:',
      metricTable(loads, names, [{ key: 'rssMiB', title: 'RSS', digits: 0 }]),
    );
  }
  if (idle.length > 0) {
    parts.push(
      'Memory of clients that were answered once and then stay silent:',
      metricTable(idle, names, [
        { key: 'bytesPerClient', title: 'KiB/client', digits: 1, scale: 1 / 1024 },
        { key: 'rssMiB', title: 'RSS MiB', digits: 0 },
      ]),
    );
  }
  const failures = report.flatMap(({ name, results }) =>
    Object.entries(results).flatMap(([subject, { failure }]) =>
      failure === undefined ? [] : [`- ${name}, ${subject}: ${failure.replace(/\s+/g, ' ').slice(-300)}`],
    ),
  );
  if (failures.length > 0) parts.push(`Failed:\n\n${failures.join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

/** Replaces the text between the markers of `section` in docs/benchmarks.md; appends the section when it is not there. */
function writeDocs(section, markdown) {
  const path = join(root, 'docs/benchmarks.md');
  const [begin, end] = [`<!-- ${section}: begin -->`, `<!-- ${section}: end -->`];
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '# Benchmarks\n';
  const block = `${begin}\n\n${markdown}\n${end}`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  const next =
    from >= 0 && to > from ? text.slice(0, from) + block + text.slice(to + end.length) : `${text}\n${block}\n`;
  writeFileSync(path, next);
}

/** Prints the report, saves it, and documents it if asked to. `section` is redis or memcached. */
export function publish(section, report, subjects, options) {
  const facts = machineFacts();
  const names = subjects.map(({ name }) => name);
  const markdown = toMarkdown(report, names, { ...options, facts });
  console.log(markdown);
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const { rounds, seconds } = options;
  // A quick run leaves the figures of a real one alone.
  const name = options.quick ? `${section}-quick` : section;
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ facts, rounds, seconds, report }, null, 2));
  writeFileSync(join(folder, `${name}.md`), markdown);
  if (options.writeDocs) writeDocs(section, markdown);
}
