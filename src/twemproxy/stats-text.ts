/**
 * The statistics as twemproxy writes them: one JSON object, the same names in the same order, pools and servers sorted by
 * name (length first, then bytes), and its spacing. Made from the workers' reports, which are summed. Names are escaped,
 * which twemproxy does not do.
 */
import type { ProxyReport } from '../control/peers.js';
import type { ClientReport, NodeReport } from '../control/report.js';
import type { PoolCounters, ServerCounters } from './stats-names.js';

export interface StatsSource {
  readonly report: ProxyReport;
  readonly hostName: string;
  readonly version: string;
  /** Addresses that clients can connect to. */
  readonly listeners: number;
  readonly nowMs: number;
}

/** The whole answer, with its final newline. */
export function statsText({ report, hostName, version, listeners, nowMs }: StatsSource): string {
  const { workers } = report;
  const nodes = workers.flatMap((worker) => worker.nodes);
  const clients = workers.flatMap((worker) => worker.pools);
  const connects = total(workers, ({ counters }) => counters.clientsAccepted + counters.upstreamConnects);
  const open = total(clients, (pool) => pool.clients) + total(nodes, (node) => node.connections);
  const head = [
    field('service', 'ringward'),
    field('source', hostName),
    field('version', version),
    field('uptime', Math.floor((nowMs - report.startedAtMs) / 1000)),
    field('timestamp', Math.floor(nowMs / 1000)),
    field('total_connections', listeners + connects),
    field('curr_connections', listeners + open),
  ];
  const names = inOrder([...new Set(clients.map((pool) => pool.pool))]);
  const pools = names.map((name) =>
    poolText(
      name,
      clients.filter(({ pool }) => pool === name),
      nodes.filter(({ pool }) => pool === name),
    ),
  );
  return `{${joined(head.join(', '), pools)}}\n`;
}

function poolText(name: string, clients: readonly ClientReport[], nodes: readonly NodeReport[]): string {
  const servers = inOrder([...new Set(nodes.map((node) => node.name))]).map((server) => {
    const counters = serverCountersOf(nodes.filter((node) => node.name === server));
    return `${JSON.stringify(server)}: {${fields(counters)}}`;
  });
  return `${JSON.stringify(name)}: {${joined(fields(poolCountersOf(clients, nodes)), servers)}}`;
}

function poolCountersOf(clients: readonly ClientReport[], nodes: readonly NodeReport[]): PoolCounters {
  return {
    client_eof: total(clients, (pool) => pool.clientEofs),
    client_err: total(clients, (pool) => pool.clientErrors),
    client_connections: total(clients, (pool) => pool.clients),
    server_ejects: 0,
    forward_error: total(nodes, (node) => node.failed + node.turnedAway),
    fragments: 0,
  };
}

function serverCountersOf(nodes: readonly NodeReport[]): ServerCounters {
  const requests = total(nodes, (node) => node.requests);
  const inFlight = total(nodes, (node) => node.inFlight);
  const waiting = total(nodes, (node) => node.waiting);
  const requestBytes = total(nodes, (node) => node.bytesOut);
  const sent = requests - waiting;
  return {
    server_eof: total(nodes, (node) => node.eofs),
    server_err: total(nodes, (node) => node.errors),
    server_timedout: total(nodes, (node) => node.timeouts + node.connectTimeouts),
    server_connections: total(nodes, (node) => node.connections),
    server_ejected_at: 0,
    requests,
    request_bytes: requestBytes,
    responses: requests - inFlight - total(nodes, (node) => node.failed),
    response_bytes: total(nodes, (node) => node.bytesIn),
    in_queue: waiting,
    in_queue_bytes: total(nodes, (node) => node.pendingBytes),
    out_queue: inFlight - waiting,
    out_queue_bytes: sent === 0 ? 0 : Math.round(((inFlight - waiting) * requestBytes) / sent),
  };
}

/** Objects follow the values before them with a blank, and each other without. */
function joined(values: string, objects: readonly string[]): string {
  return objects.length === 0 ? values : `${values}, ${objects.join(',')}`;
}

/** twemproxy's order of names. */
function inOrder(names: readonly string[]): string[] {
  return names
    .map((name) => Buffer.from(name))
    .sort((a, b) => a.length - b.length || a.compare(b))
    .map(String);
}

function total<Item>(items: readonly Item[], pick: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + pick(item), 0);
}

function fields(counters: Readonly<Record<string, number>>): string {
  return Object.entries(counters)
    .map(([name, value]) => field(name, value))
    .join(', ');
}

function field(name: string, value: string | number): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}
