import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/downstream/session.js';
import type { Gather } from '../../../src/shape/gather.js';
import { BufferPool } from '../../../src/io/buffer-pool.js';
import { SlabPool } from '../../../src/io/slab.js';
import { InFlight, InFlightPool, Progress } from '../../../src/upstream/in-flight.js';

function newPool(spareMax?: number) {
  const slabs = new SlabPool();
  const buffers = new BufferPool(1);
  return { slabs, buffers, pool: new InFlightPool(slabs, buffers, spareMax) };
}

/** What a queue or a delivery would take for the last request's. */
const stateOf = (record: InFlight): object => ({
  nextInChannel: record.nextInChannel,
  nextInSession: record.nextInSession,
  session: record.session,
  gather: record.gather,
  progress: record.progress,
  isSilent: record.isSilent,
  fenceBytes: record.fenceBytes,
  bytes: record.bytes,
  slab: record.slab,
});

describe('InFlightPool', () => {
  it('gives records that remember nothing of the request before', () => {
    const { pool } = newPool();
    const record = pool.take();
    record.nextInSession = new InFlight();
    record.session = {} as unknown as Session;
    record.gather = {} as unknown as Gather;
    record.progress = Progress.streaming;
    record.isSilent = true;
    record.fenceBytes = 7;
    record.bytes = Buffer.from('x');
    pool.giveBack(pool.take());
    pool.giveBack(record);
    expect(pool.take()).toBe(record);
    expect(stateOf(record)).toEqual(stateOf(new InFlight()));
  });

  it('gives each record to one taker at a time', () => {
    const { pool } = newPool();
    const records = Array.from({ length: 10 }, () => pool.take());
    for (const record of records) pool.giveBack(record);
    const again = Array.from({ length: 12 }, () => pool.take());
    expect(new Set(again).size).toBe(12);
    expect(again.filter((record) => records.includes(record))).toHaveLength(10);
  });

  it('keeps no more spare records than it was told', () => {
    const { pool } = newPool(2);
    const records = Array.from({ length: 5 }, () => pool.take());
    for (const record of records) pool.giveBack(record);
    const again = Array.from({ length: 5 }, () => pool.take());
    expect(again.filter((record) => records.includes(record))).toHaveLength(2);
  });

  it("frees the reply's place in its slab, once", () => {
    const { pool, slabs } = newPool();
    const record = pool.take();
    const slab = slabs.take(100);
    slab.used += 100;
    slab.holders = 2;
    record.bytes = slab.bytes;
    record.slab = slab;
    pool.dropBytes(record);
    expect(slab.holders).toBe(1);
    pool.giveBack(record);
    expect(slab.holders).toBe(1);
    expect(slab.used).toBe(100);
  });

  it("gives the reply's own block back, and other memory to nobody", () => {
    const { pool, buffers } = newPool();
    const block = buffers.borrowBlock(32_768);
    const constant = Buffer.alloc(65_536);
    for (const bytes of [block, constant]) {
      const record = pool.take();
      record.bytes = bytes;
      pool.giveBack(record);
    }
    expect(buffers.borrowBlock(32_768)).toBe(block);
    expect(buffers.borrowBlock(65_536)).not.toBe(constant);
  });
});
