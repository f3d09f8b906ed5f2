/**
 * One pool in one worker: the snapshot's routing beside the live connections that it leads to.
 *
 * Routing (partitioner, nodes, timeouts) comes from the configuration and is immutable; connections are opened as
 * sessions need them, one lane for each (database, RESP version, turn). Lanes that no session uses are closed after
 * LANE_IDLE_MS, the default lane never, so that the first request after a quiet night finds an open connection.
 */
import { partitionerOptions } from '../config/partitioning.js';
import type { PoolConfig } from '../config/pool.js';
import { Partitioner } from '../routing/partitioner.js';
import type { NodeReport } from '../control/report.js';
import type { WorkerContext } from '../worker-context.js';
import { Channel, type ChannelOptions } from './channel.js';
import type { ReplyScanner } from './reply-intake.js';
import { type Handshake, noHandshake, respHandshake } from './handshake.js';
import { Lane } from './lane.js';
import { UpstreamNode } from './node.js';
import { PrivateConnections } from './private-connections.js';

const LANE_IDLE_MS = 60_000;

export class Pool {
  readonly config: PoolConfig;
  readonly nodes: readonly UpstreamNode[];
  readonly partitioner: Partitioner;
  readonly privateConnections: PrivateConnections;

  readonly #context: WorkerContext;
  readonly #newScanner: () => ReplyScanner;
  readonly #lanes = new Map<string, Lane>();
  /** Channels that are neither a lane's nor private: subscriptions and the like. */
  readonly #special = new Set<Channel>();
  #turns = 0;
  /** The database of the default lane. */
  #home = 0;

  constructor(context: WorkerContext, config: PoolConfig, newScanner: () => ReplyScanner) {
    this.#context = context;
    this.config = config;
    this.#newScanner = newScanner;
    this.nodes = config.nodes.map((node) => new UpstreamNode(node.id, node.address));
    this.partitioner = new Partitioner(partitionerOptions(config.nodes, config.partitioning, context.random));
    this.privateConnections = new PrivateConnections(
      context,
      (node, db, respVersion) =>
        this.#newChannel(this.nodes[node]!, this.handshake(db, respVersion), { reconnects: false }),
      config.privateConnectionsMax,
    );
  }

  /** What connections of this pool say first. */
  handshake(db: number, respVersion: 2 | 3): Handshake {
    return this.config.protocol === 'memcached' ? noHandshake : respHandshake(this.config.auth, db, respVersion);
  }

  /** A channel of its own kind to one node, looked after like the others until `closeSpecial`. */
  openSpecial(node: number, handshake: Handshake, options: Partial<ChannelOptions>): Channel {
    const channel = this.#newChannel(this.nodes[node]!, handshake, options);
    this.#special.add(channel);
    return channel;
  }

  closeSpecial(channel: Channel, reason: string): void {
    this.#special.delete(channel);
    channel.close(reason);
  }

  /** Opens the connections of the default lane, so that a node that is down is known, and said, before the first request. */
  preconnect(database: number): void {
    this.#home = database;
    const lane = this.checkOut(database, 2);
    for (const channel of lane.channels) channel.connect();
    lane.sessions--;
  }

  /** The lane for a session; sessions take turns among the pool's parallel connections. */
  checkOut(db: number, respVersion: 2 | 3): Lane {
    const turn = this.config.connectionsPerNode === 1 ? 0 : this.#turns++ % this.config.connectionsPerNode;
    const key = `${db}/${respVersion}/${turn}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(db, respVersion, this.#openChannels(db, respVersion));
      this.#lanes.set(key, lane);
    }
    lane.sessions++;
    return lane;
  }

  checkIn(lane: Lane): void {
    lane.sessions--;
    lane.unusedSinceMs = this.#context.turn.nowMs;
  }

  /** Called by the worker's coarse timer. */
  sweep(nowMs: number): void {
    this.privateConnections.sweep(nowMs);
    for (const channel of this.#special) channel.checkDeadline(nowMs);
    for (const [key, lane] of this.#lanes) {
      for (const channel of lane.channels) channel.checkDeadline(nowMs);
      const isDefault = lane.db === this.#home && lane.respVersion === 2;
      if (lane.sessions === 0 && !isDefault && nowMs - lane.unusedSinceMs > LANE_IDLE_MS) {
        this.#lanes.delete(key);
        closeLane(lane, 'is not used any more');
      }
    }
  }

  close(): void {
    for (const lane of this.#lanes.values()) closeLane(lane, 'is being closed');
    this.#lanes.clear();
    this.privateConnections.close();
    for (const channel of this.#special) channel.close('is being closed');
    this.#special.clear();
  }

  /** Brings the worker's counter of bytes sent to nodes up to date. */
  countBytesOut(): void {
    for (const lane of this.#lanes.values()) for (const channel of lane.channels) channel.countBytesOut();
    for (const channel of this.#special) channel.countBytesOut();
  }

  /** The state of each node, from the default lane, and what all lanes have in flight. */
  report(): NodeReport[] {
    return this.nodes.map((node, index) => {
      const channels = [...this.#lanes.values()].map((lane) => lane.channels[index]!);
      return {
        pool: this.config.name,
        id: node.id,
        name: this.config.nodes[index]!.ringName,
        address: node.where,
        state: channels[0]?.state ?? 'idle',
        inFlight: channels.reduce((sum, channel) => sum + channel.inFlight, 0),
        connections: channels.filter((channel) => channel.state === 'ready').length,
        requests: node.requests,
        timeouts: node.timeouts,
        connectFailures: node.connectFailures,
        connectTimeouts: node.connectTimeouts,
        failed: node.failed,
        turnedAway: node.turnedAway,
        eofs: node.eofs,
        errors: node.errors,
        bytesIn: node.bytesIn,
        bytesOut: node.bytesOut,
        waiting: channels.reduce((sum, channel) => sum + (channel.state === 'ready' ? 0 : channel.inFlight), 0),
        pendingBytes: channels.reduce((sum, channel) => sum + channel.output.pendingBytes, 0),
      };
    });
  }

  #openChannels(db: number, respVersion: 2 | 3): Channel[] {
    const handshake = this.handshake(db, respVersion);
    return this.nodes.map((node) => this.#newChannel(node, handshake, {}));
  }

  #newChannel(node: UpstreamNode, handshake: Handshake, options: Partial<ChannelOptions>): Channel {
    const { config } = this;
    return new Channel(this.#context, {
      node,
      handshake,
      newScanner: this.#newScanner,
      connectTimeoutMs: config.connectTimeoutMs,
      requestTimeoutMs: config.requestTimeoutMs,
      inFlightMax: config.inFlightPerNodeMax,
      ...options,
    });
  }
}

function closeLane(lane: Lane, reason: string): void {
  for (const channel of lane.channels) channel.close(reason);
}
