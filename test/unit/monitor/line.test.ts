import { describe, expect, it } from 'vitest';
import { redisTable } from '../../../src/command/redis-table.js';
import {
  ARGUMENT_BYTES_MAX,
  ARGUMENTS_SHOWN_MAX,
  droppedLine,
  isShown,
  monitorLine,
} from '../../../src/monitor/line.js';
import { encodeRequest } from '../../../src/protocol/resp/inline.js';
import { RequestFramer } from '../../../src/protocol/resp/request-framer.js';
import { RespRequest } from '../../../src/shape/request.js';

const LIMITS = { bulkBytesMax: 1 << 26, argumentsMax: 1 << 20, inlineBytesMax: 65_536, requestBytesMax: 1 << 27 };

/** The arguments as a line shows them. */
function shown(...args: readonly (string | Buffer)[]): string {
  const bytes = encodeRequest(args);
  const framer = new RequestFramer(LIMITS);
  framer.scan(bytes, 0, bytes.length);
  const request = new RespRequest();
  request.bytes = bytes;
  request.args = framer.args;
  request.argc = framer.argc;
  request.command = redisTable.resolve(bytes, framer.args, framer.argc)!;
  const line = monitorLine(1_700_000_000_000_007.5, 3, '127.0.0.1:1234', request);
  const start = '+1700000000.000007 [3 127.0.0.1:1234] ';
  expect(line.startsWith(start)).toBe(true);
  expect(line.endsWith('\r\n')).toBe(true);
  return line.slice(start.length, -2);
}

describe('monitorLine', () => {
  it('writes arguments as redis-server does', () => {
    expect(shown('get', 'k')).toBe('"get" "k"');
    expect(shown('SET', Buffer.from('\n\r\t\x07\b\\"\x00\x7f\xff~ ', 'latin1'), '')).toBe(
      String.raw`"SET" "\n\r\t\a\b\\\"\x00\x7f\xff~ " ""`,
    );
  });

  it('shows no user and no password', () => {
    expect(shown('AUTH', 'secret')).toBe('"AUTH" "(redacted)"');
    expect(shown('auth', 'me', 'secret')).toBe('"auth" "(redacted)" "(redacted)"');
    expect(shown('HELLO', '3', 'SETNAME', 'AUTH', 'auth', 'me', 'secret')).toBe(
      '"HELLO" "3" "SETNAME" "AUTH" "auth" "(redacted)" "(redacted)"',
    );
    expect(shown('MIGRATE', 'h', '1', '', '0', '9', 'AUTH2', 'me', 'secret', 'KEYS', 'AUTH', 'k')).toBe(
      '"MIGRATE" "h" "1" "" "0" "9" "AUTH2" "(redacted)" "(redacted)" "KEYS" "AUTH" "k"',
    );
  });

  it('cuts long arguments and long requests, and says by how much', () => {
    expect(shown('ECHO', 'x'.repeat(ARGUMENT_BYTES_MAX))).toBe(`"ECHO" "${'x'.repeat(ARGUMENT_BYTES_MAX)}"`);
    expect(shown('ECHO', 'x'.repeat(ARGUMENT_BYTES_MAX + 9))).toBe(
      `"ECHO" "${'x'.repeat(ARGUMENT_BYTES_MAX)}... (9 more bytes)"`,
    );
    const keys = Array.from({ length: ARGUMENTS_SHOWN_MAX + 4 }, () => 'k');
    expect(shown('DEL', ...keys)).toBe(`"DEL"${' "k"'.repeat(ARGUMENTS_SHOWN_MAX - 1)} "... (5 more arguments)"`);
  });

  it('stays below 64 KiB whatever is asked', () => {
    const worst = Array.from({ length: 1000 }, () => Buffer.alloc(1000, 1));
    expect(shown('DEL', ...worst).length).toBeLessThan(ARGUMENTS_SHOWN_MAX * (4 * ARGUMENT_BYTES_MAX + 30));
  });
});

describe('isShown', () => {
  it('hides administration, not scripts', () => {
    const names = ['get', 'eval', 'client|id', 'client|list', 'config|get', 'monitor', 'debug'];
    expect(names.filter((name) => isShown(redisTable.findByName(name)!))).toEqual(['get', 'eval', 'client|id']);
  });
});

describe('droppedLine', () => {
  it('has the form of the other lines', () => {
    expect(droppedLine(1_700_000_000_000_000, 12)).toBe(
      '+1700000000.000000 [0 ringward:0] "ringward" "dropped" "12"\r\n',
    );
  });
});
