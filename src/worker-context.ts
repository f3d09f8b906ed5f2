/**
 * What every part of one worker's data plane shares: the turn, the memory pools, the limits and the counters. Made once
 * per worker by DataPlane; sessions and channels hold a reference, so that none of it is a global.
 */
import type { BufferPool } from './io/buffer-pool.js';
import type { Copier } from './io/copy.js';
import type { SlabPool } from './io/slab.js';
import type { Turn } from './io/turn.js';
import type { Logger } from './log.js';
import type { InFlightPool } from './upstream/in-flight.js';
import type { WorkerCounters } from './metrics/counters.js';
import type { Limits } from './config/schema.js';

export interface WorkerContext {
  /** 0 for the only process, 1 and up for cluster workers. */
  readonly workerId: number;
  readonly turn: Turn;
  readonly buffers: BufferPool;
  readonly copier: Copier;
  readonly slabs: SlabPool;
  readonly records: InFlightPool;
  /** The one buffer that every socket reads into. */
  readonly readBuffer: Buffer;
  readonly counters: WorkerCounters;
  /** What memcached clients asked for, by command id: requests, or keys of a get (protocol/memcache/commands.ts). */
  readonly mcCommands: Float64Array;
  readonly logger: Logger;
  readonly random: () => number;
  /** Replaced when the configuration is; read through the context so that the new ones count at once. */
  limits: Limits;
}
