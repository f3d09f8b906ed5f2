/**
 * How long a command that blocks asks to wait, for the deadline of its connection only: whether the argument is right is
 * the node's to say, and a wrong one is answered by it at once.
 */
import { blockPosition } from '../../command/policy.js';
import type { RespRequest } from '../request.js';

/** Where the timeout is, counted from the end if negative, and how many milliseconds its unit has. */
const places: Readonly<Record<string, readonly [position: number, unitMs: number]>> = {
  blpop: [-1, 1000],
  brpop: [-1, 1000],
  bzpopmin: [-1, 1000],
  bzpopmax: [-1, 1000],
  brpoplpush: [-1, 1000],
  blmove: [-1, 1000],
  blmpop: [1, 1000],
  bzmpop: [1, 1000],
  wait: [2, 1],
  waitaof: [3, 1],
};

/** Milliseconds; 0: for ever; -1: it does not say so in a way that a node would accept. */
export function blockMillis(request: RespRequest): number {
  const { bytes, args, argc } = request;
  const [place, unitMs] = places[request.command.name] ?? [blockPosition(bytes, args, argc), 1];
  const position = place < 0 ? argc + place : place;
  if (position <= 0 || position >= argc) return -1;
  const text = request.text(position);
  if (!/^[+-]?[\d.]/.test(text)) return -1;
  const value = Number(text) * unitMs;
  return value >= 0 && Number.isFinite(value) ? value : -1;
}
