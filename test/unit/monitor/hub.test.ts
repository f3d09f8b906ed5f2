/** Who is fed, and until when. The lines themselves: line.test.ts and test/integration/monitor.test.ts. */
import { expect, it } from 'vitest';
import type { Peers } from '../../../src/control/peers.js';
import { type LinesRequest, MonitorHub } from '../../../src/monitor/hub.js';
import { Turn } from '../../../src/io/turn.js';
import type { WorkerContext } from '../../../src/worker-context.js';

function newHub(workerId: number): { hub: MonitorHub; switches: boolean[]; clock: { ms: number } } {
  const clock = { ms: 0 };
  const context = { workerId, turn: new Turn({ now: () => clock.ms }), limits: { monitorLinesPerSecond: 100 } };
  const peers = { collectLines: () => Promise.resolve([]), wallClockMicros: () => 0 };
  const switches: boolean[] = [];
  const hub = new MonitorHub(context as unknown as WorkerContext, peers as unknown as Peers, (isOn) =>
    switches.push(isOn),
  );
  return { hub, switches, clock };
}

const asks = (workerId: number, isLast = false): LinesRequest => ({ workerId, isLast });

it('a worker feeds another from its first question to its last', () => {
  const { hub, switches } = newHub(1);
  hub.takeLines(asks(2));
  hub.takeLines(asks(3));
  expect(hub.isOn).toBe(true);
  hub.takeLines(asks(2, true));
  expect(hub.isOn).toBe(true);
  hub.takeLines(asks(3, true));
  expect(switches).toEqual([true, false]);
});

it('a worker that died, and asks no more, is fed no more', () => {
  const { hub, switches } = newHub(1);
  hub.takeLines(asks(2));
  hub.sweep(1900);
  expect(hub.isOn).toBe(true);
  hub.sweep(2100);
  expect(switches).toEqual([true, false]);
});

it('a worker that asks itself keeps nothing for itself', () => {
  const { hub } = newHub(1);
  expect(hub.takeLines(asks(1))).toEqual({ lines: [], dropped: 0 });
  expect(hub.isOn).toBe(false);
});
