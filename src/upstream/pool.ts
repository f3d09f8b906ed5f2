/**
 * One pool in one worker: the snapshot's routing beside the live connections that it leads to.
 *
 * Routing (partitioner, nodes, timeouts) comes from the configuration and is immutable: a reload makes a successor, which
 * takes over the connections to nodes that stay, and the sessions move to it between two requests. A request in flight
 * keeps the channels that it began with; channels that nobody took over close when they have been answered, and at the
 * latest after RETIRE_MS. Connections are opened as sessions need them, one lane for each (database, RESP version, turn). Lanes that no session uses are closed after
 * LANE_IDLE_MS, the default lane never, so that the first request after a quiet night finds an open connection.
 */
import { partitionerOptions } from '../config/partitioning.js';
import type { PoolConfig } from '../config/pool.js';
import { Partitioner } from '../routing/partitioner.js';
import type { NodeReport } from '../control/report.js';
import type { WorkerContext } from '../worker-context.js';
import { Channel, type ChannelOptions } from './channel.js';
import type { ReplyScanner } from './reply-intake.js';
import { type Handshake, mcHandshake, respHandshake } from './handshake.js';
import { EscortedChannel } from './escorted-channel.js';
import { Lane } from './lane.js';
import { UpstreamNode } from './node.js';
import { PrivateConnections } from './private-connections.js';

const LANE_IDLE_MS = 60_000;
/** Replies that a retired channel still awaits may take so long. */
const RETIRE_MS = 60_000;

export class Pool {
  readonly config: PoolConfig;
  readonly nodes: readonly UpstreamNode[];
  readonly partitioner: Partitioner;
  readonly privateConnections: PrivateConnections;
  /** Clients that track keys, each with a connection to every node; at most `trackingClientsMax` of the config. */
  trackingClients = 0;

  readonly #context: WorkerContext;
  readonly #newScanner: () => ReplyScanner;
  readonly #lanes = new Map<string, Lane>();
  /** Channels that are neither a lane's nor private: subscriptions and the like. */
  readonly #special = new Set<Channel>();
  /** Channels that nobody uses any more and that wait for their last replies, and since when. */
  readonly #retiring = new Map<Channel, number>();
  /** After a reload: whoever still knows this pool is led on. */
  #successor: Pool | undefined;
  #turns = 0;
  /** The database of the default lane. */
  #home = 0;

  /** `predecessor`: the pool of the same name and protocol that this one takes the place of. */
  constructor(context: WorkerContext, config: PoolConfig, newScanner: () => ReplyScanner, predecessor?: Pool) {
    this.#context = context;
    this.config = config;
    this.#newScanner = newScanner;
    this.nodes = config.nodes.map(
      ({ id, address }) => predecessor?.nodes.find((node) => node.is(id, address)) ?? new UpstreamNode(id, address),
    );
    this.partitioner = new Partitioner(partitionerOptions(config.nodes, config.partitioning, context.random));
    this.privateConnections = new PrivateConnections(
      context,
      (node, db, respVersion) =>
        this.#newChannel(this.nodes[node]!, this.handshake(db, respVersion), { reconnects: false }),
      config.privateConnectionsMax,
    );
    if (predecessor !== undefined) this.#takeOver(predecessor);
  }

  /** Each lane of the predecessor gets a twin here, with the channels of the nodes that stay. */
  #takeOver(predecessor: Pool): void {
    const { config } = this;
    this.#home = predecessor.#home;
    this.trackingClients = predecessor.trackingClients;
    const isSameLogin = JSON.stringify(config.auth) === JSON.stringify(predecessor.config.auth);
    for (const [key, old] of predecessor.#lanes) {
      if (old.turn >= config.connectionsPerNode) continue;
      const handshake = this.handshake(old.db, old.respVersion);
      const channels = this.nodes.map((node) => {
        const index = isSameLogin ? predecessor.nodes.indexOf(node) : -1;
        if (index < 0) return this.#newChannel(node, handshake, {});
        const channel = old.channels[index]!;
        channel.reconfigure(config.connectTimeoutMs, config.requestTimeoutMs, config.inFlightPerNodeMax);
        return channel;
      });
      const lane = new Lane(old.db, old.respVersion, old.turn, channels);
      lane.unusedSinceMs = this.#context.turn.nowMs;
      this.#lanes.set(key, lane);
    }
  }

  /** Where a session of the predecessor goes on: the twin of its lane. */
  checkOutLike(lane: Lane): Lane {
    const twin = this.#lanes.get(keyOf(lane.db, lane.respVersion, lane.turn));
    if (twin === undefined) return this.checkOut(lane.db, lane.respVersion);
    twin.sessions++;
    return twin;
  }

  /** Every session has moved to `successor`: what it did not take over ends there. */
  retire(successor: Pool): void {
    const { nowMs } = this.#context.turn;
    this.#successor = successor;
    const kept = new Set([...successor.#lanes.values()].flatMap((lane) => lane.channels));
    for (const lane of this.#lanes.values()) {
      for (const channel of lane.channels) if (!kept.has(channel)) successor.#retiring.set(channel, nowMs);
    }
    for (const [channel, sinceMs] of this.#retiring) successor.#retiring.set(channel, sinceMs);
    for (const lane of successor.#lanes.values()) {
      if (lane.db === successor.#home && lane.respVersion === 2) for (const channel of lane.channels) channel.connect();
    }
    this.#lanes.clear();
    this.#retiring.clear();
    this.privateConnections.handOver(successor.privateConnections);
    for (const channel of this.#special) successor.#special.add(channel);
    this.#special.clear();
    successor.#sweepRetiring(nowMs);
  }

  /** What connections of this pool say first. */
  handshake(db: number, respVersion: 2 | 3): Handshake {
    return this.config.protocol === 'memcached' ? mcHandshake : respHandshake(this.config.auth, db, respVersion);
  }

  /** A channel of its own kind to one node, looked after like the others until `closeSpecial`. */
  openSpecial(node: number, handshake: Handshake, options: Partial<ChannelOptions>): Channel {
    const channel = this.#newChannel(this.nodes[node]!, handshake, options);
    this.#special.add(channel);
    return channel;
  }

  /** As `openSpecial`, with a channel that can send a request's escort in front of it. */
  openEscorted(node: number, handshake: Handshake, options: Partial<ChannelOptions>): EscortedChannel {
    const channel = new EscortedChannel(this.#context, this.#channelOptions(this.nodes[node]!, handshake, options));
    this.#special.add(channel);
    return channel;
  }

  closeSpecial(channel: Channel, reason: string): void {
    this.#successor?.closeSpecial(channel, reason);
    this.#special.delete(channel);
    channel.close(reason);
  }

  /** As `closeSpecial`, once what is in flight has been answered: a client that left has its last writes done. */
  retireSpecial(channel: Channel): void {
    if (this.#successor !== undefined) {
      this.#successor.retireSpecial(channel);
      return;
    }
    if (channel.inFlight === 0) this.closeSpecial(channel, 'is not used any more');
    else this.#retiring.set(channel, this.#context.turn.nowMs);
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
    const key = keyOf(db, respVersion, turn);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(db, respVersion, turn, this.#openChannels(db, respVersion));
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
    if (this.#retiring.size > 0) this.#sweepRetiring(nowMs);
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

  #sweepRetiring(nowMs: number): void {
    for (const [channel, sinceMs] of this.#retiring) {
      channel.checkDeadline(nowMs);
      if (channel.inFlight > 0 && nowMs - sinceMs < RETIRE_MS) continue;
      this.#retiring.delete(channel);
      this.closeSpecial(channel, 'is not used any more');
    }
  }

  close(): void {
    for (const channel of this.#retiring.keys()) channel.close('is being closed');
    this.#retiring.clear();
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
    return new Channel(this.#context, this.#channelOptions(node, handshake, options));
  }

  #channelOptions(node: UpstreamNode, handshake: Handshake, options: Partial<ChannelOptions>): ChannelOptions {
    const { config } = this;
    return {
      node,
      handshake,
      newScanner: this.#newScanner,
      connectTimeoutMs: config.connectTimeoutMs,
      requestTimeoutMs: config.requestTimeoutMs,
      inFlightMax: config.inFlightPerNodeMax,
      ...options,
    };
  }
}

function keyOf(db: number, respVersion: 2 | 3, turn: number): string {
  return `${db}/${respVersion}/${turn}`;
}

function closeLane(lane: Lane, reason: string): void {
  for (const channel of lane.channels) channel.close(reason);
}
