import { describe, expect, it } from 'vitest';
import type { ClientReport, NodeReport, WorkerReport } from '../../../src/control/report.js';
import { WorkerCounters } from '../../../src/metrics/counters.js';
import { statsText } from '../../../src/twemproxy/stats-text.js';

const node = (pool: string, name: string, more: Partial<NodeReport> = {}): NodeReport => ({
  ...{ pool, id: name, name, address: 'h:1', state: 'ready', inFlight: 0, connections: 1, requests: 0, timeouts: 0 },
  ...{ connectFailures: 0, connectTimeouts: 0, failed: 0, turnedAway: 0, eofs: 0, errors: 0, bytesIn: 0, bytesOut: 0 },
  ...{ waiting: 0, pendingBytes: 0 },
  ...more,
});

const worker = (nodes: readonly NodeReport[], pools: readonly ClientReport[]): WorkerReport => ({
  ...{
    workerId: 1,
    pid: 1,
    counters: new WorkerCounters(),
    mcCommands: [],
    topics: [],
    clients: 0,
    monitorClients: 0,
    trackingClients: 0,
    rssBytes: 0,
  },
  ...{ cpuUserMicros: 0, cpuSystemMicros: 0, nodes, pools },
});

const clients = (pool: string): ClientReport => ({ pool, clients: 2, clientEofs: 3, clientErrors: 4 });

function stats(...workers: readonly WorkerReport[]): string {
  return statsText({
    report: { clusterName: 'c', startedAtMs: 1000, pid: 1, configFile: '', workers, configEpoch: 1, workerRestarts: 0 },
    hostName: 'here',
    version: '1',
    listeners: 2,
    nowMs: 61_500,
  });
}

describe('statsText', () => {
  it('sums the workers and derives what no worker counts', () => {
    const busy = node('p', 's', {
      requests: 10,
      failed: 1,
      turnedAway: 2,
      inFlight: 4,
      waiting: 1,
      bytesOut: 90,
      timeouts: 5,
      connectTimeouts: 1,
    });
    const text = stats(worker([busy], [clients('p')]), worker([busy], [clients('p')]));
    const parsed = JSON.parse(text) as { uptime: number; curr_connections: number; p: { s: object } };
    expect(parsed).toMatchObject({
      service: 'ringward',
      source: 'here',
      uptime: 60,
      timestamp: 61,
      curr_connections: 8,
    });
    expect(parsed.p).toMatchObject({ client_connections: 4, client_eof: 6, client_err: 8, forward_error: 6 });
    expect(parsed.p.s).toMatchObject({
      requests: 20,
      responses: 10,
      in_queue: 2,
      out_queue: 6,
      out_queue_bytes: 60,
      server_timedout: 12,
    });
  });

  it('sorts names by length, then by bytes, and escapes them', () => {
    const text = stats(worker([node('b', 'zz'), node('b', 'aaa'), node('b', '"')], [clients('long'), clients('b')]));
    expect(text.indexOf('"b":')).toBeLessThan(text.indexOf('"long":'));
    expect([...text.matchAll(/"(zz|aaa|\\")": \{/g)].map(([, name]) => name)).toEqual(['\\"', 'zz', 'aaa']);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('is complete while no worker has answered', () => {
    expect(JSON.parse(stats())).toMatchObject({ service: 'ringward', curr_connections: 2 });
  });
});
