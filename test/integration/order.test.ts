/**
 * Order and isolation under load: bench/soak.mjs, shorter than `npm run soak`, which is a million requests. Every client
 * knows each reply's bytes beforehand, so the run fails at the first one that is lost, misplaced or somebody else's.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { expect, inject, it } from 'vitest';

const script = join(import.meta.dirname, '../../bench/soak.mjs');

it('200 clients, some of them killed in the middle of pipelines, get every reply, their own, in order', () => {
  expect(inject('distTrouble')).toBe('');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--requests', '200000', '--kills', '600'], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect(status, stderr).toBe(0);
  const result = JSON.parse(stdout) as Record<string, number>;
  expect(result).toMatchObject({ sent: 200_000, clients: 200 + result['killed']! });
  expect(result['killed']).toBeGreaterThanOrEqual(599);
  expect(result['answered']! + result['lostWithClients']!).toBe(200_000);
  expect(result['lostWithClients']).toBeGreaterThan(0);
}, 120_000);
