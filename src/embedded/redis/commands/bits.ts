/**
 * SETBIT, GETBIT and BITCOUNT on strings. Bit 0 is the highest bit of byte 0. SETBIT copies the string, O(its bytes).
 */
import { integerArgument, isWord } from '../arguments.js';
import { ONE_KEY, READ, STORE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { StringValue } from '../values.js';
import { checkStringLength } from './strings.js';

const BAD_OFFSET = 'ERR bit offset is not an integer or out of range';
const BAD_BIT = 'ERR bit is not an integer or out of range';
const OFFSET_MAX = 512 * 1024 * 1024 * 8 - 1;

function bitOffset(text: string): number {
  const offset = integerArgument(text, BAD_OFFSET);
  if (offset < 0 || offset > OFFSET_MAX) throw new CommandError(BAD_OFFSET);
  return offset;
}

function bitAt(text: string, offset: number): number {
  const place = Math.floor(offset / 8);
  return place < text.length ? (text.charCodeAt(place) >> (7 - (offset % 8))) & 1 : 0;
}

function setbit(client: Client, args: readonly string[]): void {
  const { db, reply } = client;
  const offset = bitOffset(args[2]!);
  const bit = integerArgument(args[3]!, BAD_BIT);
  if (bit !== 0 && bit !== 1) throw new CommandError(BAD_BIT);
  const text = db.value(args[1]!, 'string')?.text ?? '';
  const place = Math.floor(offset / 8);
  checkStringLength(client, place + 1);
  const before = bitAt(text, offset);
  const mask = 1 << (7 - (offset % 8));
  const byte = place < text.length ? text.charCodeAt(place) : 0;
  const changed = String.fromCharCode(bit === 1 ? byte | mask : byte & ~mask);
  const padded = text.slice(0, place).padEnd(place, '\0');
  db.put(args[1]!, new StringValue(padded + changed + text.slice(place + 1)), true);
  reply.integer(before);
}

function getbit({ db, reply }: Client, args: readonly string[]): void {
  const offset = bitOffset(args[2]!);
  reply.integer(bitAt(db.value(args[1]!, 'string')?.text ?? '', offset));
}

function bitcount({ db, reply }: Client, args: readonly string[]): void {
  // Redis looks the key up first: a missing key answers 0 and a wrong type its error, whatever the arguments are.
  const value = db.value(args[1]!, 'string');
  if (!value) {
    reply.integer(0);
    return;
  }
  if (args.length === 3 || args.length > 5) throw new CommandError(SYNTAX);
  const { text } = value;
  const byBits = isWord(args[4], 'bit');
  let start = 0;
  let last = text.length * 8 - 1;
  if (args.length > 2) {
    const first = integerArgument(args[2]!);
    const end = integerArgument(args[3]!);
    if (first < 0 && end < 0 && first > end) {
      reply.integer(0);
      return;
    }
    if (args.length === 5 && !byBits && !isWord(args[4], 'byte')) throw new CommandError(SYNTAX);
    const total = byBits ? text.length * 8 : text.length;
    const unit = byBits ? 1 : 8;
    start = Math.max(0, first < 0 ? first + total : first) * unit;
    last = (Math.min(Math.max(0, end < 0 ? end + total : end), total - 1) + 1) * unit - 1;
  }
  reply.integer(countBits(text, start, last));
}

function countBits(text: string, start: number, last: number): number {
  let count = 0;
  let offset = start;
  while (offset <= last) {
    if (offset % 8 === 0 && offset + 7 <= last) {
      for (let byte = text.charCodeAt(offset / 8); byte > 0; byte &= byte - 1) count += 1;
      offset += 8;
    } else {
      count += bitAt(text, offset);
      offset += 1;
    }
  }
  return count;
}

export const BIT_COMMANDS: readonly CommandRow[] = [
  row('setbit', 4, STORE, ONE_KEY, setbit),
  row('getbit', 3, READ, ONE_KEY, getbit),
  row('bitcount', -2, READ, ONE_KEY, bitcount),
];
