import { setImmediate as nextPoll } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MORE_POLLS_MAX, Turn } from '../../../src/io/turn.js';

/** Resolves when what was added before has been flushed, whatever it waited for. */
async function nextTurn(): Promise<void> {
  for (let polls = 0; polls <= MORE_POLLS_MAX; polls++) await nextPoll();
}

function newTurn(): { turn: Turn; clock: { ms: number; readings: number } } {
  const clock = { ms: 100, readings: 0 };
  const turn = new Turn({
    now: () => {
      clock.readings++;
      return clock.ms;
    },
  });
  clock.readings = 0;
  return { turn, clock };
}

describe('Turn', () => {
  it('reads the clock once, however often it is begun', async () => {
    const { turn, clock } = newTurn();
    clock.ms = 105;
    turn.begin();
    clock.ms = 110;
    turn.begin();
    expect(turn.nowMs).toBe(105);
    expect(clock.readings).toBe(1);
    await nextPoll();
    turn.begin();
    expect(turn.nowMs).toBe(110);
  });

  it('flushes what was added, in order, when the turn ends and not before', async () => {
    const { turn } = newTurn();
    const flushed: string[] = [];
    turn.begin();
    turn.add({ flush: () => flushed.push('a') });
    turn.add({ flush: () => flushed.push('b') });
    expect(flushed).toEqual([]);
    await nextTurn();
    expect(flushed).toEqual(['a', 'b']);
    turn.begin();
    await nextTurn();
    expect(flushed).toEqual(['a', 'b']);
  });

  it('waits with the flush while polls bring more outputs, and not for ever', async () => {
    const { turn } = newTurn();
    let flushes = 0;
    const add = (): void => turn.add({ flush: () => flushes++ });
    add();
    add();
    for (let polls = 0; polls < MORE_POLLS_MAX; polls++) {
      await nextPoll();
      expect(flushes).toBe(0);
      add();
    }
    await nextPoll();
    expect(flushes).toBe(2 + MORE_POLLS_MAX);
  });

  it('does not wait for more when the last poll brought none, or when one output is all there is', async () => {
    const { turn } = newTurn();
    let flushes = 0;
    const add = (): void => turn.add({ flush: () => flushes++ });
    add();
    await nextPoll();
    expect(flushes).toBe(1);
    add();
    add();
    await nextPoll();
    expect(flushes).toBe(1);
    await nextPoll();
    expect(flushes).toBe(3);
  });

  it('flushes what was added outside a turn', async () => {
    const { turn } = newTurn();
    let flushes = 0;
    turn.add({ flush: () => flushes++ });
    await nextPoll();
    expect(flushes).toBe(1);
  });

  it('flushes what is added during the flush in the next turn', async () => {
    const { turn } = newTurn();
    let flushes = 0;
    const output = {
      flush: () => {
        flushes++;
        if (flushes === 1) turn.add(output);
      },
    };
    turn.add(output);
    await nextPoll();
    expect(flushes).toBe(1);
    await nextPoll();
    expect(flushes).toBe(2);
  });

  it('wakes sleepers before it flushes, so that what they append leaves in the same turn', async () => {
    const { turn } = newTurn();
    const events: string[] = [];
    turn.wakeLater({
      wake: () => {
        events.push('wake');
        turn.add({ flush: () => events.push('flush') });
      },
    });
    expect(events).toEqual([]);
    await nextPoll();
    expect(events).toEqual(['wake', 'flush']);
  });

  it('wakes in the next turn who falls asleep again while being woken', async () => {
    const { turn } = newTurn();
    let wakes = 0;
    const sleeper = {
      wake: () => {
        wakes++;
        if (wakes < 3) turn.wakeLater(sleeper);
      },
    };
    turn.wakeLater(sleeper);
    for (let i = 1; i <= 3; i++) {
      await nextPoll();
      expect(wakes).toBe(i);
    }
  });
});
