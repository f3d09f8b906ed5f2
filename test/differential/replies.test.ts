import { describe, expect, it } from 'vitest';
import { isAlike } from './replies.js';

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const array = (...texts: readonly string[]): string => `*${texts.length}\r\n${texts.map(bulk).join('')}`;
const encoding = (text: string): string => bulk(text);
const scan = (cursor: string, ...texts: readonly string[]): string => `*2\r\n${bulk(cursor)}${array(...texts)}`;

describe('two replies are alike', () => {
  it.each([
    ['members of a hash table in any order', 'smembers', 'smembers s', array('a', 'b'), array('b', 'a'), 'hashtable'],
    [
      'fields of a hash table with their values',
      'hgetall',
      'hgetall h',
      array('a', '1', 'b', '2'),
      array('b', '2', 'a', '1'),
      'hashtable',
    ],
    ['an intersection in any order', 'sinter', 'sinter s t', array('a', 'b'), array('b', 'a'), ''],
    ['a sort by what is missing', 'sort', 'sort s by w_*', array('a', 'b'), array('b', 'a'), 'hashtable'],
    ['a whole scan in any order', 'sscan', 'sscan s 0', scan('0', 'a', 'b'), scan('0', 'b', 'a'), 'hashtable'],
    ['keys of a database in any order', 'scan', 'scan 0', scan('0', 'a', 'b'), scan('0', 'b', 'a'), ''],
    ['options in any order', 'config|get', 'config get *', array('a', '1', 'b', '2'), array('b', '2', 'a', '1'), ''],
    [
      'functions in any order',
      'function|list',
      'function list',
      `*1\r\n${array('a', 'b')}`,
      `*1\r\n${array('b', 'a')}`,
      '',
    ],
    ['a part of a scan', 'sscan', 'sscan s 0', scan('4', 'a'), scan('8', 'b'), 'hashtable'],
    ['one random member and another', 'srandmember', 'srandmember s', bulk('a'), bulk('bc'), ''],
    ['times that are near', 'pttl', 'pttl k', ':99990\r\n', ':99000\r\n', ''],
    ['dumps of a hash table, of one length', 'dump', 'dump s', bulk('ab'), bulk('ba'), 'hashtable'],
    [
      'idle times of consumers',
      'xinfo|consumers',
      'xinfo consumers s g',
      `*2\r\n${bulk('idle')}:1\r\n`,
      `*2\r\n${bulk('idle')}:7\r\n`,
      '',
    ],
  ])('when they are %s', (_title, name, line, expected, actual, encoded) => {
    expect(isAlike(name, line.split(' '), expected, actual, encoding(encoded))).toBe(true);
    expect(isAlike(name, line.split(' '), actual, expected, encoding(encoded))).toBe(true);
  });

  it.each([
    ['the order of a list', 'lrange', 'lrange l 0 -1', array('a', 'b'), array('b', 'a'), 'quicklist'],
    ['the order of a small hash', 'hkeys', 'hkeys h', array('a', 'b'), array('b', 'a'), 'listpack'],
    ['a member', 'smembers', 'smembers s', array('a', 'b'), array('a', 'c'), 'hashtable'],
    ['how often a member comes', 'sunion', 'sunion s', array('a', 'b', 'b'), array('a', 'a', 'b'), ''],
    [
      'which value is of which field',
      'hgetall',
      'hgetall h',
      array('a', '1', 'b', '2'),
      array('a', '2', 'b', '1'),
      'hashtable',
    ],
    ['the type of the collection', 'smembers', 'smembers s', '~1\r\n+a\r\n', '*1\r\n+a\r\n', 'hashtable'],
    ['a sorted order', 'sort', 'sort s', array('1', '2'), array('2', '1'), 'hashtable'],
    ['a member of a whole scan', 'sscan', 'sscan s 0', scan('0', 'a'), scan('0', 'b'), 'hashtable'],
    ['a key of a whole scan', 'scan', 'scan 0', scan('0', 'a'), scan('0', 'b'), ''],
    [
      'which option has which value',
      'config|get',
      'config get *',
      array('a', '1', 'b', '2'),
      array('a', '2', 'b', '1'),
      '',
    ],
    ['the cursor of a small set', 'sscan', 'sscan s 0', scan('0', '1'), scan('7', '1'), 'intset'],
    ['how many random members there are', 'srandmember', 'srandmember s 2', array('a', 'b'), array('a'), ''],
    ['a random member and none', 'srandmember', 'srandmember s', bulk('a'), '$-1\r\n', ''],
    ['a time and no time', 'ttl', 'ttl k', ':5\r\n', ':-1\r\n', ''],
    ['the reasons for no time', 'ttl', 'ttl k', ':-1\r\n', ':-2\r\n', ''],
    ['the text of an error', 'sinter', 'sinter s', '-ERR a\r\n', '-ERR b\r\n', ''],
    ['an error and none', 'time', 'time', '*0\r\n', '-ERR\r\n', ''],
    ['the dump of a list', 'dump', 'dump l', bulk('ab'), bulk('ba'), 'quicklist'],
    [
      'a delivery count',
      'xpending',
      'xpending s g - + 1',
      `*4\r\n${bulk('1-1')}${bulk('c')}:5\r\n:1\r\n`,
      `*4\r\n${bulk('1-1')}${bulk('c')}:5\r\n:2\r\n`,
      '',
    ],
  ])('never when %s differs', (_title, name, line, expected, actual, encoded) => {
    expect(isAlike(name, line.split(' '), expected, actual, encoding(encoded))).toBe(false);
    expect(isAlike(name, line.split(' '), actual, expected, encoding(encoded))).toBe(false);
  });
});
