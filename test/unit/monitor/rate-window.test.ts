import { expect, it } from 'vitest';
import { RateWindow } from '../../../src/monitor/rate-window.js';

it('lets so many pass in a second, and as many again in the next', () => {
  const window = new RateWindow(5);
  expect([window.take(3, 0), window.take(3, 500), window.take(1, 999)]).toEqual([3, 2, 0]);
  expect([window.isFull(999), window.isFull(1000)]).toEqual([true, false]);
  expect([window.take(9, 1000), window.take(1, 1999), window.take(1, 2000)]).toEqual([5, 0, 1]);
});
