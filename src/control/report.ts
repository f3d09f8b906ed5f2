/**
 * What a worker tells about itself and its clients: plain data that crosses process borders, and how Redis prints it.
 */
import type { RespSession } from '../downstream/resp-session.js';
import type { WorkerCounters } from '../metrics/counters.js';
import type { TopicCounts } from '../pubsub/hub.js';
import { Subscriptions } from '../pubsub/subscriptions.js';
import { TopicKind } from '../pubsub/topic.js';
import type { ChannelState } from '../upstream/channel.js';

export interface NodeReport {
  readonly pool: string;
  readonly id: string;
  /** On the ring, and in statistics of twemproxy's form. */
  readonly name: string;
  /** `host:port` or a socket path. */
  readonly address: string;
  /** Of the default connection. */
  readonly state: ChannelState;
  readonly inFlight: number;
  readonly connections: number;
  readonly requests: number;
  readonly timeouts: number;
  readonly connectFailures: number;
  readonly connectTimeouts: number;
  /** Requests that ended with an error because a connection was lost. */
  readonly failed: number;
  /** Requests refused at once because the node was down. */
  readonly turnedAway: number;
  /** Connections that the node closed, and that failed otherwise. */
  readonly eofs: number;
  readonly errors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of those in flight: not sent, because the connection is not open yet. */
  readonly waiting: number;
  /** Bytes that the node's sockets have not taken. */
  readonly pendingBytes: number;
}

/** The clients of one pool. */
export interface ClientReport {
  readonly pool: string;
  readonly clients: number;
  readonly clientEofs: number;
  readonly clientErrors: number;
}

export interface WorkerReport {
  readonly workerId: number;
  readonly pid: number;
  readonly counters: Readonly<WorkerCounters>;
  /** What memcached clients asked for, by command id: requests, or keys of a get. */
  readonly mcCommands: readonly number[];
  readonly clients: number;
  /** Of those: who monitors, and whose keys are tracked. */
  readonly monitorClients: number;
  readonly trackingClients: number;
  readonly rssBytes: number;
  readonly cpuUserMicros: number;
  readonly cpuSystemMicros: number;
  readonly nodes: readonly NodeReport[];
  /** One for each Redis pool. */
  readonly topics: readonly TopicCounts[];
  readonly pools: readonly ClientReport[];
}

export interface ClientFacts {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly name: string;
  readonly ageSeconds: number;
  readonly idleSeconds: number;
  readonly db: number;
  readonly respVersion: number;
  /** Channels, patterns and shard channels that it is subscribed to. */
  readonly channels: number;
  readonly patterns: number;
  readonly shardChannels: number;
  readonly inFlight: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly lastCommand: string;
  readonly libName: string;
  readonly libVersion: string;
  readonly isNoEvict: boolean;
  readonly isNoTouch: boolean;
  /** Letters of the modes it is in, and `b` while it waits in a command that blocks. */
  readonly modeFlags: string;
  readonly listener: string;
}

/** Which clients are meant; every field given must match. */
export interface ClientFilter {
  readonly ids?: readonly number[];
  readonly address?: string;
  readonly localAddress?: string;
  readonly type?: string | undefined;
  readonly exceptId?: number;
}

export function clientFacts(session: RespSession): ClientFacts {
  const { nowMs } = session.context.turn;
  const subscriptions = Subscriptions.of(session);
  return {
    id: session.id,
    address: session.remoteAddress,
    localAddress: session.localAddress,
    name: session.name,
    ageSeconds: Math.floor((nowMs - session.connectedMs) / 1000),
    idleSeconds: Math.floor((nowMs - session.lastActiveMs) / 1000),
    db: session.db,
    respVersion: session.respVersion,
    channels: subscriptions?.countOf(TopicKind.channel) ?? 0,
    patterns: subscriptions?.countOf(TopicKind.pattern) ?? 0,
    shardChannels: subscriptions?.countOf(TopicKind.shard) ?? 0,
    inFlight: session.inFlight,
    inputBytes: session.inputBytes,
    outputBytes: session.output.pendingBytes + session.heldBytes,
    lastCommand: session.lastCommand?.name ?? 'NULL',
    libName: session.libName,
    libVersion: session.libVersion,
    isNoEvict: session.isNoEvict,
    isNoTouch: session.isNoTouch,
    modeFlags: inRedisOrder([...session.modes].map((mode) => mode.flag).join('') + (session.isBlocked ? 'b' : '')),
    listener: session.service.listener,
  };
}

function inRedisOrder(flags: string): string {
  const order = 'OPxbtB';
  return Array.from(flags)
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
    .join('');
}

/**
 * One line of CLIENT LIST, in Redis's fields and order, so that what reads them goes on working. Fields of things that
 * the proxy does not have (memory by client) are 0; `in-flight` and `listener` are its own.
 */
export function clientLine(client: ClientFacts): string {
  const flags = `${client.modeFlags}${client.isNoEvict ? 'e' : ''}${client.isNoTouch ? 'T' : ''}` || 'N';
  return [
    `id=${client.id}`,
    `addr=${client.address}`,
    `laddr=${client.localAddress}`,
    'fd=0',
    `name=${client.name}`,
    `age=${client.ageSeconds}`,
    `idle=${client.idleSeconds}`,
    `flags=${flags}`,
    `db=${client.db}`,
    `sub=${client.channels} psub=${client.patterns} ssub=${client.shardChannels}`,
    'multi=-1',
    `qbuf=${client.inputBytes}`,
    'qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0',
    `omem=${client.outputBytes}`,
    'tot-mem=0 events=r',
    `cmd=${client.lastCommand}`,
    `user=default redir=${client.modeFlags.includes('t') ? 0 : -1}`,
    `resp=${client.respVersion}`,
    `lib-name=${client.libName}`,
    `lib-ver=${client.libVersion}`,
    `in-flight=${client.inFlight}`,
    `listener=${client.listener}`,
  ].join(' ');
}

/** Whether `filter` means this client. Those with subscriptions are of type pubsub, all others normal. */
export function isMeant(client: ClientFacts, filter: ClientFilter): boolean {
  if (filter.ids !== undefined && !filter.ids.includes(client.id)) return false;
  if (filter.address !== undefined && filter.address !== client.address) return false;
  if (filter.localAddress !== undefined && filter.localAddress !== client.localAddress) return false;
  if (filter.exceptId === client.id) return false;
  const type = client.channels + client.patterns + client.shardChannels > 0 ? 'pubsub' : 'normal';
  return filter.type === undefined || filter.type === type;
}
