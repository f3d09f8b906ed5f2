/**
 * What the proxy has computed, as RESP2 or RESP3 bytes in the form that redis-server 7.0 gives them. Long answers come in
 * pieces, so that no text has to hold all of one. One character per byte.
 */
import { formatDouble } from '../../protocol/resp/double.js';
import type { ScoredMember } from './sorted-set-algebra.js';

const PIECE_LENGTH = 32 * 1024;

/** A set: `~` in RESP3, an array in RESP2. */
export function* setText(members: ReadonlySet<string>, version: 2 | 3): Generator<string, void> {
  let text = `${version === 3 ? '~' : '*'}${members.size}\r\n`;
  for (const member of members) {
    text += bulkText(member);
    if (text.length < PIECE_LENGTH) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** Members in order. With scores: pairs of a member and a double in RESP3, one flat array of strings in RESP2. */
export function* membersText(
  members: readonly ScoredMember[],
  withScores: boolean,
  version: 2 | 3,
): Generator<string, void> {
  let text = `*${withScores && version === 2 ? 2 * members.length : members.length}\r\n`;
  for (const { member, score } of members) {
    if (!withScores) text += bulkText(member);
    else if (version === 2) text += bulkText(member) + bulkText(formatDouble(score));
    else text += `*2\r\n${bulkText(member)},${formatDouble(score)}\r\n`;
    if (text.length < PIECE_LENGTH) continue;
    yield text;
    text = '';
  }
  yield text;
}

export function integerText(value: number | bigint): readonly string[] {
  return [`:${value}\r\n`];
}

export function errorText(text: string): readonly string[] {
  return [`-${text}\r\n`];
}

function bulkText(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
