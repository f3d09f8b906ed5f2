/** Requests for the tests of src/command: arguments as byte ranges, in a buffer that also holds other bytes. */
import type { RequestBytes } from '../../../src/command/introspection.js';

export type Argument = string | Uint8Array;

/** Strings are latin1. */
export function request(...args: readonly Argument[]): RequestBytes {
  const parts: Buffer[] = [Buffer.from('*')];
  const offsets = new Int32Array(2 * args.length);
  let at = 1;
  args.forEach((arg, i) => {
    const bytes = typeof arg === 'string' ? Buffer.from(arg, 'latin1') : Buffer.from(arg);
    offsets[2 * i] = at;
    offsets[2 * i + 1] = at + bytes.length;
    parts.push(bytes, Buffer.from('\r\n'));
    at += bytes.length + 2;
  });
  return { bytes: Buffer.concat(parts), offsets, argc: args.length };
}
