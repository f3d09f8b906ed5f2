import { describe, expect, it } from 'vitest';
import { redisTable } from '../../../../src/command/redis-table.js';
import { blockMillis } from '../../../../src/shape/blocking/timeout.js';
import { RespRequest } from '../../../../src/shape/request.js';
import { request } from '../../command/arguments.js';

function millis(line: string): number {
  const words = line.split(' ');
  const { bytes, offsets, argc } = request(...words);
  const made = new RespRequest();
  made.bytes = Buffer.from(bytes);
  made.args = offsets;
  made.argc = argc;
  made.command = redisTable.findByName(words[0]!)!;
  return blockMillis(made);
}

describe('blockMillis', () => {
  it.each([
    [1500, 'BLPOP a b 1.5'],
    [0, 'BRPOP a 0'],
    [10, 'BZPOPMIN a .01'],
    [2000, 'BZPOPMAX a 2e0'],
    [3000, 'BLMOVE a b LEFT LEFT 3'],
    [1000, 'BRPOPLPUSH a b 0x1'],
    [500, 'BLMPOP 0.5 1 a LEFT'],
    [500, 'BZMPOP 0.5 1 a MIN'],
    [70, 'XREAD COUNT 1 BLOCK 70 STREAMS a 0'],
    [0, 'XREADGROUP GROUP g c BLOCK 0 STREAMS a >'],
    [250, 'WAIT 1 250'],
    [250, 'WAITAOF 0 1 250'],
  ])('is %i for %s', (expected, line) => expect(millis(line)).toBe(expected));

  it.each(['BLPOP a x', 'BLPOP a -1', 'BLPOP a inf', 'BLPOP a 1e999', 'XREAD BLOCK', 'WAIT 1 -5'])(
    'is -1 for %s, which a node answers at once',
    (line) => expect(millis(line)).toBe(-1),
  );
});
