/**
 * What the words of a request name: its command, its keys, and whether this build serves it. Keys get their tag here, by the
 * same specs by which the proxy finds them.
 */
import { type Command, KeyShape, acceptsArgc } from '../../src/command/command.js';
import { extractKeys, KeyList } from '../../src/command/keys.js';
import { handlingOf } from '../../src/command/policy.js';
import { redisTable } from '../../src/command/redis-table.js';
import type { Words } from '../integration/embedded-grammar.js';
import { request } from '../unit/command/arguments.js';

/** One request, or a few that belong together. */
export interface Case {
  /** The command that it is meant for. */
  readonly command: Command;
  /** Keys are without a tag yet: see `withTag`. */
  readonly requests: readonly Words[];
}

/** The command that the words name, if the number of words is right. */
export function commandOf(words: Words): Command | undefined {
  const { bytes, offsets, argc } = request(...words);
  const command = redisTable.resolve(bytes, offsets, argc);
  return command !== undefined && acceptsArgc(command, argc) ? command : undefined;
}

/** Indexes of the keys, and of shard channels, which are routed like keys. */
function keyIndexes(command: Command, words: Words): number[] {
  const { bytes, offsets, argc } = request(...words);
  const keys = new KeyList();
  const count = extractKeys(command, bytes, offsets, argc, keys);
  return [...keys.positions.subarray(0, Math.max(0, count))];
}

/** The same request with `tag` before each key and in place of each `@`. */
export function withTag(words: Words, tag: string): Words {
  const result = words.map((word) => (word.startsWith('@') ? tag + word.slice(1) : word));
  const command = commandOf(words);
  if (command === undefined) return result;
  for (const index of keyIndexes(command, words)) result[index] = tag + words[index]!.replace(/^@/, '');
  return result;
}

/** False for requests that this build refuses, or refuses in this form. */
export function isServed(words: Words): boolean {
  const command = commandOf(words);
  if (command === undefined) return true;
  return handlingOf(command).kind !== 'unsupported';
}

/** True when the keys may be on any nodes: the command has one key, or is cut by node, or concerns all of them. */
export function canSpread({ command, requests }: Case): boolean {
  const { kind } = handlingOf(command);
  return requests.length === 1 && (kind === 'single' || kind === 'split' || command.keyShape === KeyShape.none);
}
