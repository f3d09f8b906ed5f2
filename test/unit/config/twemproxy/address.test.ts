import { describe, expect, it } from 'vitest';
import { parseListen, parseServer } from '../../../../src/config/twemproxy/address.js';

describe('parseServer', () => {
  it.each([
    ['h:7001:1', 'h:7001'],
    ['h:07001:1', 'h:07001'],
    ['h:11211:1', 'h'],
    ['h:11211:1 h:11211', 'h:11211'],
    ['h:7001:1 one', 'one'],
    ['h:7001:1 one:two', 'one:two'],
    ['::1:7001:1', '::1:7001'],
    ['/run/s:1', '/run/s:'],
    ['/run/s:1 one', 'one'],
    ['h:7001:1 ', ''],
  ])('names %j %j', (line, name) => {
    expect(parseServer(line)).toMatchObject({ name });
  });

  it.each([
    ['h:7001:3', { kind: 'tcp', host: 'h', port: 7001 }, 3],
    ['::1:7001:1', { kind: 'tcp', host: '::1', port: 7001 }, 1],
    ['h:4294974297:4294967298', { kind: 'tcp', host: 'h', port: 7001 }, 2],
    ['/run/s:10000', { kind: 'unix', path: '/run/s' }, 10_000],
  ])('reads %j', (line, address, weight) => {
    expect(parseServer(line)).toMatchObject({ address, weight });
  });

  it.each([
    ['h', 'expected host:port:weight or "host:port:weight name"'],
    ['/run/s', 'expected /path:weight or "/path:weight name"'],
    ['/run/s:1:1', 'expected /path:weight or "/path:weight name", with no ":" in the path'],
    ['h:1:0', 'expected a weight of at least 1, got 0'],
    ['h:1:-1', 'expected a weight in digits, got "-1"'],
    ['h:0:1', 'expected a port from 1 to 65535, got "0"'],
  ])('says what is wrong with %j', (line, message) => {
    expect(parseServer(line)).toBe(message);
  });
});

describe('parseListen', () => {
  it.each([
    ['127.0.0.1:22121', { kind: 'tcp', host: '127.0.0.1', port: 22_121 }],
    ['::1:22121', { kind: 'tcp', host: '::1', port: 22_121 }],
    ['/run/a.sock', { kind: 'unix', path: '/run/a.sock', mode: null }],
    ['/run/a.sock 0660', { kind: 'unix', path: '/run/a.sock', mode: 0o660 }],
    ['/run/a b.sock 660', { kind: 'unix', path: '/run/a b.sock', mode: 0o660 }],
    ['/run/a.sock 6x', { kind: 'unix', path: '/run/a.sock', mode: 0o6 }],
    ['/run/a.sock 0999', { kind: 'unix', path: '/run/a.sock', mode: null }],
  ])('reads %j', (line, expected) => {
    expect(parseListen(line)).toEqual(expected);
  });

  it.each([
    ['22121', 'expected host:port or "/path permissions"'],
    [':22121', 'expected a host before the ":"; 0.0.0.0 is every address'],
    ['h:70000', 'expected a port from 1 to 65535 after the last ":"'],
    ['/run/a.sock 1000', 'expected octal permissions from 0 to 0777 after the last blank'],
    [`/${'p'.repeat(107)}`, 'the path is longer than 107 bytes'],
  ])('says what is wrong with %j', (line, message) => {
    expect(parseListen(line)).toBe(message);
  });
});
