/**
 * Byte constants and the one copy routine of the data plane. Everything here is called once or more per request.
 */

export const CR = 13;
export const LF = 10;

/** Below this many bytes a plain loop beats `TypedArray.prototype.set`, which must first build a view (bench/micro-copy.mjs). */
const LOOP_BYTES_MAX = 48;

/** Copies `source[start, end)` to `target` at `at`. The caller has made sure that it fits. */
export function copyBytes(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start < LOOP_BYTES_MAX) {
    for (let i = start; i < end; i++) target[at++] = source[i]!;
  } else {
    source.copy(target, at, start, end);
  }
}

/** The bytes of an ASCII decimal integer, written into `target` at `at`; returns the position after the last digit. */
export function writeDecimal(target: Buffer, at: number, value: number): number {
  if (value < 10) {
    target[at] = 48 + value;
    return at + 1;
  }
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let position = at + digits;
  const after = position;
  for (let rest = value; position > at; rest = Math.floor(rest / 10)) target[--position] = 48 + (rest % 10);
  return after;
}
