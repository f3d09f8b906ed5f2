/**
 * For every command that must find its keys on one node, a request with two keys, made from the command table. Used to
 * show that none of them reaches a node when the keys are apart.
 */
import type { Command, KeySpec } from '../../src/command/command.js';
import { handlingOf } from '../../src/command/policy.js';
import { redisTable } from '../../src/command/redis-table.js';

/** Has one key and no other: its patterns are looked up on that key's node. */
const ONE_KEY_ONLY = ['sort_ro'];

export function sameNodeRequests(here: string, there: string): string[][] {
  return redisTable.commands
    .filter((command) => handlingOf(command).kind === 'same_node' && !ONE_KEY_ONLY.includes(command.name))
    .map((command) => requestOf(command, [here, there]));
}

/** Keys where the specs want them, the last one repeated; any word where they want none. */
function requestOf(command: Command, keys: readonly [string, string]): string[] {
  // What SORT stores to is the one thing here that no spec tells.
  if (command.name === 'sort') return ['sort', keys[0], 'STORE', keys[1]];
  const words: (string | undefined)[] = [command.name];
  const left: string[] = [...keys];
  for (const spec of command.keySpecs) placeKeys(words, spec, () => left.shift() ?? keys[1]);
  while (words.length < command.minArgs) words.push(undefined);
  return Array.from(words, (word) => word ?? 'x');
}

function placeKeys(words: (string | undefined)[], { begin, find }: KeySpec, nextKey: () => string): void {
  let first = begin.type === 'index' ? begin.position : 0;
  if (begin.type === 'keyword') {
    while (words.length < begin.startFrom) words.push(undefined);
    first = words.push(begin.keyword);
  }
  if (find.type === 'keynum') {
    words[first + find.keyNumIndex] = '2';
    words[first + find.firstKey] = nextKey();
    words[first + find.firstKey + 1] = nextKey();
  } else if (find.type === 'range') {
    words[first] = nextKey();
    if (find.lastKey !== 0) words[first + find.step] = nextKey();
    // Keys that come with values, and streams with their ids.
    if (find.step === 2) words.push('x');
    if (find.limit === 2) words.push('0', '0');
  }
}
