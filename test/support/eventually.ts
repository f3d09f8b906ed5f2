/**
 * The one way in which tests wait for something that no reply announces: ask again until the answer is right, with a
 * deadline. Used by integration and fault tests. A failure at the deadline shows the last answer.
 */
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 10;
const DEADLINE_MS = 10_000;

/** Asks `look` until `isRight` accepts its answer, and returns that answer. An error of `look` counts as a wrong answer. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  isRight: (answer: T) => boolean = Boolean,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await look();
      if (isRight(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const shown = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${what}: not within ${deadlineMs} ms; last: ${shown}`);
    }
    await delay(PAUSE_MS);
  }
}
