import { describe, expect, it } from 'vitest';
import {
  elementsIn,
  membersIn,
  type ReplyBytes,
  scoresIn,
  stringIn,
  UnexpectedReply,
} from '../../../../src/shape/cross-node/node-reply.js';

/** The reply with other bytes around it, as it lies in a slab. */
function reply(text: string): ReplyBytes {
  const bytes = Buffer.from(`+OK\r\n${text}:1\r\n`, 'latin1');
  return { bytes, start: 5, end: 5 + text.length };
}

describe('the reply of a node', () => {
  it.each(['*2\r\n$1\r\na\r\n$4\r\n\r\n\xff\0\r\n', '~2\r\n$1\r\na\r\n$4\r\n\r\n\xff\0\r\n'])(
    'is read as a set: %j',
    (text) => {
      expect([...membersIn(reply(text))]).toEqual(['a', '\r\n\xff\0']);
      expect(elementsIn(reply(text))).toBe(2);
    },
  );

  it.each([
    '*4\r\n$1\r\na\r\n$3\r\n0.1\r\n$0\r\n\r\n$4\r\n-inf\r\n',
    '*2\r\n*2\r\n$1\r\na\r\n,0.1\r\n*2\r\n$0\r\n\r\n,-inf\r\n',
  ])('is read as members with scores: %j', (text) => {
    expect([...scoresIn(reply(text))]).toEqual([['a', 0.1], ['', -Infinity]]); // prettier-ignore
  });

  it('is read as an empty set', () => {
    expect([...membersIn(reply('*0\r\n'))]).toEqual([]);
    expect(scoresIn(reply('~0\r\n')).size).toBe(0);
  });

  it('is read as a string or none', () => {
    expect(stringIn(reply('$3\r\n\r\na\r\n'))).toEqual(Buffer.from('\r\na'));
    expect(stringIn(reply('$0\r\n\r\n'))).toEqual(Buffer.alloc(0));
    expect(stringIn(reply('$-1\r\n'))).toBeUndefined();
    expect(stringIn(reply('_\r\n'))).toBeUndefined();
  });

  it.each([':1\r\n', '+OK\r\n', '$1\r\na\r\n', '*1\r\n:1\r\n', '*1\r\n$-1\r\n', '*-1\r\n', '*?\r\n.\r\n', '%1\r\n'])(
    'is not read as a set: %j',
    (text) => {
      expect(() => [...membersIn(reply(text))]).toThrow(UnexpectedReply);
    },
  );

  it.each(['*1\r\n$1\r\na\r\n', '*2\r\n$1\r\na\r\n$1\r\nb\r\n', '*2\r\n$1\r\na\r\n$3\r\nnan\r\n'])(
    'is not read as members with scores: %j',
    (text) => {
      expect(() => scoresIn(reply(text))).toThrow(UnexpectedReply);
    },
  );

  it('is not read as a string', () => {
    expect(() => stringIn(reply('*0\r\n'))).toThrow(UnexpectedReply);
  });
});
