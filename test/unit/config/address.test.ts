import { describe, expect, it } from 'vitest';
import { UNIX_PATH_BYTES_MAX, formatBind, isHost, isUnixPath, parseBind } from '../../../src/config/address.js';

describe('parseBind', () => {
  it.each([
    ['127.0.0.1:6380', { kind: 'tcp', host: '127.0.0.1', port: 6380 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
    ['/run/ringward.sock', { kind: 'unix', path: '/run/ringward.sock', mode: null }],
  ])('reads %s', (text, address) => {
    expect(parseBind(text)).toEqual(address);
  });

  it.each([
    '',
    '6380',
    ':6380',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:6380',
    '[::1]',
    '[a.b]:1',
    '*:1',
    'a b:1',
    '1.2.3:1',
    'run.sock',
  ])('refuses %j', (text) => {
    expect(parseBind(text)).toBeNull();
  });

  it('is undone by formatBind', () => {
    for (const text of ['127.0.0.1:6380', '[::1]:1', 'cache.internal:0', '/tmp/a.sock']) {
      expect(formatBind(parseBind(text)!)).toBe(text);
    }
  });
});

describe('isHost', () => {
  it.each(['a', 'cache-1.internal', '10.0.0.1', '::1', 'fe80::1', 'my_service', 'a.b.'])('accepts %s', (host) => {
    expect(isHost(host)).toBe(true);
  });

  it.each(['', '-a', 'a..b', '10.0.0', '10.0.0.256', 'a b', 'a:1', '[::1]', 'x'.repeat(64), 'é'])(
    'refuses %j',
    (host) => {
      expect(isHost(host)).toBe(false);
    },
  );
});

describe('isUnixPath', () => {
  it('accepts what fits into a socket address and no more, counted in bytes', () => {
    expect(isUnixPath(`/${'a'.repeat(UNIX_PATH_BYTES_MAX - 1)}`)).toBe(true);
    expect(isUnixPath(`/${'a'.repeat(UNIX_PATH_BYTES_MAX)}`)).toBe(false);
    expect(isUnixPath(`/${'é'.repeat(UNIX_PATH_BYTES_MAX / 2 + 1)}`)).toBe(false);
  });
});
