/** The benchmarks keep working: each runs briefly against real servers. What they measure here means nothing. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, inject, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Sample {
  readonly requests: number;
  readonly perSecond: number;
  readonly p999Ms: number;
}

interface Results {
  readonly report: readonly {
    readonly name: string;
    readonly results: Readonly<Record<string, Sample>>;
  }[];
}

function runBench(script: string, ...args: string[]): { stdout: string; stderr: string; status: number | null } {
  expect(inject('distTrouble')).toBe('');
  const path = join(root, 'bench', script);
  return spawnSync(process.execPath, [path, '--quick', ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

/** Runs one case of a side-by-side benchmark; returns the figures it saved. */
function runCase(script: string, section: string, name: string, ...args: string[]): Readonly<Record<string, Sample>> {
  const { stdout, stderr, status } = runBench(script, '--seconds', '0.1', '--only', name, ...args);
  expect(status, stderr).toBe(0);
  expect(stdout).toContain(`| ${name} | `);
  const saved = JSON.parse(readFileSync(join(root, `bench/results/${section}-quick.json`), 'utf8')) as Results;
  expect(saved.report.map((entry) => entry.name)).toEqual([name]);
  return saved.report[0]!.results;
}

it('npm run bench measures Ringward and nutcracker in front of Redis', () => {
  const results = runCase('run.mjs', 'redis', 'GET P1 c50');
  expect(Object.keys(results)).toEqual(['ringward', 'nutcracker']);
  for (const sample of Object.values(results)) {
    expect(sample.requests).toBeGreaterThan(0);
    expect(sample.perSecond).toBeGreaterThan(0);
    expect(sample.p999Ms).toBeGreaterThan(0);
  }
});

it('npm run bench:memcached --peer-only measures nutcracker in front of memcached', () => {
  const results = runCase('memcached.mjs', 'memcached', 'get P1 c50', '--peer-only');
  expect(Object.keys(results)).toEqual(['nutcracker']);
  expect(results['nutcracker']!.requests).toBeGreaterThan(0);
});

it('an unknown case is an error, not an empty success', () => {
  const { status, stderr } = runBench('run.mjs', '--only', 'no such case');
  expect(status).toBe(1);
  expect(stderr).toContain('no case has that name');
});

it('micro-memcache.mjs splits, frames and merges a get of many keys', () => {
  const { stdout, stderr, status } = runBench('micro-memcache.mjs');
  expect(status, stderr).toBe(0);
  expect(stdout.match(/^\| (split|frame|merge) the \w+ \| [\d.]+ \|$/gm)).toHaveLength(3);
});

it('npm run bench:micro frames small and large requests', () => {
  const { stdout, stderr, status } = runBench('micro-framer.mjs');
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^\| request GET \| [\d.]+ \|$/m);
  expect(stdout).toMatch(/^\| reply bulk \| [\d.]+ \|$/m);
});
