import { describe, expect, it } from 'vitest';
import { WorkerCounters } from '../../../src/metrics/counters.js';
import type { Channel } from '../../../src/upstream/channel.js';
import { PrivateConnections } from '../../../src/upstream/private-connections.js';
import type { WorkerContext } from '../../../src/worker-context.js';

/** What PrivateConnections asks of a channel. */
class FakeChannel {
  state = 'ready';
  inFlight = 0;
  requestTimeoutMs = 100;
  closedBecause: string | undefined;
  deadlineChecks = 0;
  readonly node = { label: 'n0 (a:1)' };
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }
  resetRequestTimeout(): void {
    this.requestTimeoutMs = 100;
  }
  checkDeadline(): void {
    this.deadlineChecks++;
  }
  close(reason: string): void {
    this.closedBecause ??= reason;
    this.state = 'closed';
  }
}

function setUp(limit = 10) {
  const opened: FakeChannel[] = [];
  const turn = { nowMs: 0 };
  const counters = new WorkerCounters();
  const connections = new PrivateConnections(
    { turn, counters } as unknown as WorkerContext,
    (node, db, respVersion) => {
      const channel = new FakeChannel(`${node}/${db}/${respVersion}`);
      opened.push(channel);
      return channel as unknown as Channel;
    },
    limit,
  );
  const fake = (channel: Channel | null): FakeChannel => channel as unknown as FakeChannel;
  return { opened, turn, counters, connections, fake };
}

describe('PrivateConnections', () => {
  it('lends as many as the limit says, counts refusals, and lends again when one is back', () => {
    const { connections, counters } = setUp(2);
    const first = connections.checkOut(0, 0, 2)!;
    expect(connections.checkOut(1, 0, 2)).not.toBeNull();
    expect(connections.checkOut(2, 0, 2)).toBeNull();
    expect([connections.lent, counters.privateConnectionsLent, counters.privateConnectionsRefused]).toEqual([2, 2, 1]);
    connections.checkIn(first);
    expect(connections.checkOut(2, 0, 2)).not.toBeNull();
  });

  it('lends a spare one again only for the same node, database and RESP version', () => {
    const { connections, opened, fake } = setUp();
    const channel = connections.checkOut(1, 2, 3)!;
    connections.checkIn(channel);
    expect(connections.spares).toBe(1);
    for (const [node, db, version] of [
      [0, 2, 3],
      [1, 1, 3],
      [1, 2, 2],
    ] as const) {
      expect(connections.checkOut(node, db, version)).not.toBe(channel);
    }
    expect(connections.checkOut(1, 2, 3)).toBe(channel);
    expect(opened).toHaveLength(4);
    expect(fake(channel).closedBecause).toBeUndefined();
    expect(connections.spares).toBe(0);
  });

  it('gives back the request timeout that a borrower has changed', () => {
    const { connections } = setUp();
    const channel = connections.checkOut(0, 0, 2)!;
    channel.requestTimeoutMs = 0;
    connections.checkIn(channel);
    expect(channel.requestTimeoutMs).toBe(100);
  });

  it('closes one that comes back lost or with replies to come, and one more than sixteen spares of a kind', () => {
    const { connections, fake } = setUp(20);
    const channels = Array.from({ length: 19 }, () => connections.checkOut(0, 0, 2)!);
    fake(channels[0]!).state = 'connecting';
    fake(channels[1]!).inFlight = 1;
    for (const channel of channels) connections.checkIn(channel);
    const closed = channels.filter((channel) => fake(channel).closedBecause !== undefined);
    expect(closed).toEqual([channels[0], channels[1], channels[18]]);
    expect([connections.spares, connections.lent]).toEqual([16, 0]);
  });

  it('never lends one that was lost while it was spare', () => {
    const { connections, fake } = setUp();
    const [a, b] = [connections.checkOut(0, 0, 2)!, connections.checkOut(0, 0, 2)!];
    connections.checkIn(a);
    connections.checkIn(b);
    fake(b).state = 'closed';
    expect(connections.checkOut(0, 0, 2)).toBe(a);
    expect(connections.spares).toBe(0);
  });

  it('throws when one is given back twice, and forgives a second discard', () => {
    const { connections } = setUp();
    const [a, b] = [connections.checkOut(0, 0, 2)!, connections.checkOut(0, 0, 2)!];
    connections.checkIn(a);
    expect(() => connections.checkIn(a)).toThrow(/n0 \(a:1\) was given back twice/);
    connections.discard(b);
    connections.discard(b);
    expect(() => connections.checkIn(b)).toThrow(/twice/);
    expect([connections.lent, connections.spares]).toEqual([0, 1]);
  });

  it('sweeps spares that nobody wanted for 30 seconds, and looks at the deadlines of those that are lent', () => {
    const { connections, turn, fake } = setUp();
    const [lent, old, young, lost] = Array.from({ length: 4 }, () => connections.checkOut(0, 0, 2)!);
    connections.checkIn(old!);
    turn.nowMs = 20_000;
    connections.checkIn(young!);
    connections.checkIn(lost!);
    fake(lost!).state = 'closed';
    connections.sweep(30_001);
    expect([old, young].map((channel) => fake(channel!).closedBecause)).toEqual(['is not used any more', undefined]);
    expect([connections.spares, fake(lent!).deadlineChecks]).toEqual([1, 1]);
    connections.sweep(60_000);
    expect([connections.spares, connections.lent]).toEqual([0, 1]);
  });

  it('closes all of them when the pool is closed', () => {
    const { connections, opened } = setUp();
    connections.checkIn(connections.checkOut(0, 0, 2)!);
    connections.checkOut(1, 0, 2);
    connections.close();
    expect(opened.map(({ state }) => state)).toEqual(['closed', 'closed']);
    expect([connections.lent, connections.spares]).toEqual([0, 0]);
  });
});
