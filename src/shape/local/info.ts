/**
 * INFO: the proxy's own sections, summed over its workers. Field names are Redis's where the meaning is the same, so
 * that existing collectors read them; what only a proxy has begins with `ringward_`, `upstream_` or `node`. A node's own
 * sections: node-info.ts.
 */
import type { ProxyReport } from '../../control/peers.js';
import type { WorkerReport } from '../../control/report.js';
import type { TopicCounts } from '../../pubsub/hub.js';
import type { WorkerCounters } from '../../metrics/counters.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { REDIS_VERSION, VERSION } from '../../version.js';
import type { Shape } from '../shape.js';
import { forwardNodeInfo, nodeNamed } from './node-info.js';

type Lines = readonly (readonly [string, string | number])[];
type Section = (report: ProxyReport, session: RespSession) => Lines;

function total(report: ProxyReport, pick: (worker: WorkerReport) => number): number {
  return report.workers.reduce((sum, worker) => sum + pick(worker), 0);
}

/** Over workers and pools; a channel that two workers are subscribed to counts twice. */
function topics(report: ProxyReport, pick: (pool: TopicCounts) => number): number {
  return total(report, (worker) => worker.topics.reduce((sum, pool) => sum + pick(pool), 0));
}

const server: Section = (report, session) => {
  const upSeconds = Math.floor((session.service.peers.wallClockMicros() / 1000 - report.startedAtMs) / 1000);
  return [
    ['redis_version', REDIS_VERSION],
    ['redis_mode', 'standalone'],
    ['ringward_version', VERSION],
    ['cluster_name', report.clusterName],
    ['os', `${process.platform} ${process.arch}`],
    ['arch_bits', 64],
    ['node_version', process.version],
    ['process_id', report.pid],
    ['tcp_port', session.localAddress.split(':').at(-1) ?? ''],
    ['server_time_usec', Math.floor(session.service.peers.wallClockMicros())],
    ['uptime_in_seconds', upSeconds],
    ['uptime_in_days', Math.floor(upSeconds / 86_400)],
    ['config_file', report.configFile],
    ['config_epoch', report.configEpoch],
    ['workers', report.workers.length],
    ['worker_restarts', report.workerRestarts],
  ];
};

const clients: Section = (report, session) => [
  ['connected_clients', total(report, (worker) => worker.clients)],
  ['tracking_clients', total(report, (worker) => worker.trackingClients)],
  ['monitor_clients', total(report, (worker) => worker.monitorClients)],
  ['maxclients', session.context.limits.clientsMax * report.workers.length],
];

const memory: Section = (report) => {
  const rss = total(report, (worker) => worker.rssBytes);
  return [
    ['used_memory', rss],
    ['used_memory_rss', rss],
    ['used_memory_rss_human', `${(rss / 2 ** 20).toFixed(2)}M`],
  ];
};

const stats: Section = (report) => {
  const count = (name: keyof WorkerCounters): number => total(report, (worker) => worker.counters[name]);
  return [
    ['total_connections_received', count('clientsAccepted')],
    ['total_commands_processed', count('commands')],
    ['total_net_input_bytes', count('clientBytesIn')],
    ['total_net_output_bytes', count('clientBytesOut')],
    ['rejected_connections', count('clientsRejected')],
    ['split_commands', count('commandsSplit')],
    ['cross_node_reads', count('crossNodeReads')],
    ['cross_node_reads_too_large', count('crossNodeReadsTooLarge')],
    ['total_error_replies', count('errorsProxy') + count('errorsUpstream')],
    ['protocol_errors', count('errorsProtocol')],
    ['crossslot_errors', count('errorsCrossSlot')],
    ['client_output_limit_disconnections', count('clientsClosedOutput')],
    ['client_push_limit_disconnections', count('clientsClosedPushes')],
    ['pushes_sent', count('pushesSent')],
    ['pubsub_channels', topics(report, (pool) => pool.channels)],
    ['pubsub_patterns', topics(report, (pool) => pool.patterns)],
    ['pubsubshard_channels', topics(report, (pool) => pool.shardChannels)],
    ['messages_received', count('messagesReceived')],
    ['subscriptions_made', count('subscriptionsMade')],
    ['subscriptions_lost', count('subscriptionsLost')],
    ['subscriptions_refused', count('subscriptionsRefused')],
    ['private_connections_lent', count('privateConnectionsLent')],
    ['private_connections_refused', count('privateConnectionsRefused')],
    ['monitor_lines_dropped', count('monitorLinesDropped')],
    ['tracking_invalidations', count('invalidations')],
    ['tracking_flushes', count('trackingFlushes')],
    ['tracking_refused', count('trackingRefused')],
    ['scripts_learnt', count('scriptsLearnt')],
    ['scripts_evicted', count('scriptsEvicted')],
    ['scripts_loaded', count('scriptsLoaded')],
    ['scripts_healed', count('scriptsHealed')],
    ['commands_looked_up', count('commandsLookedUp')],
    ['command_lookups_refused', count('commandLookupsRefused')],
    ['transactions_over_limit', count('transactionsOverLimit')],
    ['client_idle_disconnections', count('clientsClosedIdle')],
    ['client_pauses', count('clientPauses')],
    ['replies_held', count('repliesHeld')],
    ['replies_streamed', count('repliesStreamed')],
    ['replies_dropped', count('repliesDropped')],
    ['upstream_errors', count('errorsUpstream')],
    ['upstream_timeouts', count('upstreamTimeouts')],
    ['upstream_connects', count('upstreamConnects')],
    ['upstream_connect_failures', count('upstreamConnectFailures')],
    ['upstream_protocol_errors', count('upstreamProtocolErrors')],
    ['upstream_net_input_bytes', count('upstreamBytesIn')],
    ['upstream_net_output_bytes', count('upstreamBytesOut')],
  ];
};

const cpu: Section = (report) => [
  ['used_cpu_sys', (total(report, (worker) => worker.cpuSystemMicros) / 1e6).toFixed(6)],
  ['used_cpu_user', (total(report, (worker) => worker.cpuUserMicros) / 1e6).toFixed(6)],
];

/** One line a node, summed over workers; `up` when every worker's default connection is open. */
const nodes: Section = (report) => {
  const first = report.workers[0];
  if (first === undefined) return [];
  return first.nodes.map((node, index) => {
    const all = report.workers.map((worker) => worker.nodes[index]!);
    const sum = (pick: (one: typeof node) => number): number => all.reduce((a, one) => a + pick(one), 0);
    const isUp = all.every((one) => one.state === 'ready');
    return [
      `node${index}`,
      `pool=${node.pool},id=${node.id},address=${node.address},state=${isUp ? 'up' : 'down'},` +
        `in_flight=${sum((one) => one.inFlight)},connections=${sum((one) => one.connections)},` +
        `requests=${sum((one) => one.requests)},timeouts=${sum((one) => one.timeouts)},` +
        `connect_failures=${sum((one) => one.connectFailures)}`,
    ] as const;
  });
};

const sections: Readonly<Record<string, Section>> = {
  server,
  clients,
  memory,
  stats,
  replication: () => [
    ['role', 'master'],
    ['connected_slaves', 0],
  ],
  cpu,
  cluster: () => [['cluster_enabled', 0]],
  nodes,
};

const ALL_WORDS = ['all', 'default', 'everything'];

/** The text of the sections asked for; none named means all. Unknown names give nothing, as in Redis. */
export function infoText(report: ProxyReport, session: RespSession, wanted: readonly string[]): string {
  const isAll = wanted.length === 0 || wanted.some((word) => ALL_WORDS.includes(word));
  const parts: string[] = [];
  for (const [name, section] of Object.entries(sections)) {
    if (!isAll && !wanted.includes(name)) continue;
    const title = name === 'cpu' ? 'CPU' : name[0]!.toUpperCase() + name.slice(1);
    const lines = section(report, session).map(([field, value]) => `${field}:${value}\r\n`);
    parts.push(`# ${title}\r\n${lines.join('')}`);
  }
  return parts.join('\r\n');
}

function isOwn(word: string): boolean {
  return ALL_WORDS.includes(word) || Object.hasOwn(sections, word);
}

const info: Shape = (session, request) => {
  const wanted: string[] = [];
  for (let i = 1; i < request.argc; i++) wanted.push(request.text(i).toLowerCase());
  const node = nodeNamed(session, request);
  if (node >= 0 && !isOwn(wanted[0]!)) return forwardNodeInfo(session, request, node);
  return session.replyLater(
    session.service.peers
      .report()
      .then((report) => ({ type: 'verbatim', format: 'txt', text: infoText(report, session, wanted) }) as const),
  );
};

export const infoCommands: Readonly<Record<string, Shape>> = { info };
