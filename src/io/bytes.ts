/** Decimal numbers as ASCII, written where they are needed. */

/** The digits of a non-negative integer, written into `target` at `at`; returns the position after the last one. */
export function writeDecimal(target: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  const after = at + digits;
  let rest = value;
  for (let position = after - 1; position >= at; position--) {
    target[position] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return after;
}
