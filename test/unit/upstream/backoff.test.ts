import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/upstream/backoff.js';

const delays = (random: () => number, count: number): number[] => {
  const backoff = new Backoff(random);
  return Array.from({ length: count }, () => backoff.nextDelayMs());
};

describe('Backoff', () => {
  it('doubles from 50 ms to 1 s and stays there', () => {
    expect(delays(() => 0, 8)).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000]);
    expect(delays(() => 0, 2000).at(-1)).toBe(1000);
  });

  it('takes up to half of it off at random', () => {
    expect(delays(() => 1, 3)).toEqual([25, 50, 100]);
    expect(delays(() => 0.5, 3)).toEqual([37.5, 75, 150]);
  });

  it('counts failures and begins again after a success', () => {
    const backoff = new Backoff(() => 0);
    expect(backoff.attempts).toBe(0);
    backoff.nextDelayMs();
    backoff.nextDelayMs();
    expect(backoff.attempts).toBe(2);
    backoff.reset();
    expect(backoff.attempts).toBe(0);
    expect(backoff.nextDelayMs()).toBe(50);
  });
});
