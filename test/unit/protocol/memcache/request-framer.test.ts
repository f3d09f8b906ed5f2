import { describe, expect, it } from 'vitest';
import { Mc } from '../../../../src/protocol/memcache/commands.js';
import { McRequestFramer } from '../../../../src/protocol/memcache/request-framer.js';
import { MC_REQUEST_LIMITS } from '../../../../src/protocol/memcache/request-line.js';
import { McScan } from '../../../../src/protocol/memcache/scan.js';
import { counting } from './counting.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function frameOne(text: string, framer = new McRequestFramer()): McRequestFramer {
  const buf = bytes(text);
  expect(framer.next(buf, 0, buf.length), JSON.stringify(text)).toBe(McScan.frame);
  return framer;
}

function refuseOne(text: string, framer = new McRequestFramer()): McRequestFramer {
  const buf = bytes(text);
  expect(framer.next(buf, 0, buf.length), JSON.stringify(text.slice(0, 80))).toBe(McScan.error);
  return framer;
}

const errorText = (framer: McRequestFramer): string => framer.errorReply.toString('latin1');
const flag = (letter: string): number => letter.charCodeAt(0);
const longKey = 'k'.repeat(251);

describe('McRequestFramer', () => {
  it('says where keys, value and noreply of a classic request are', () => {
    const text = 'set foo 5 -1 3 noreply\r\nabc\r\nget a bb\r\n';
    const framer = frameOne(text);
    expect(framer.command).toBe(Mc.set);
    expect([...framer.args.subarray(0, 2 * framer.argCount)]).toEqual([0, 3, 4, 7, 8, 9, 10, 12, 13, 14, 15, 22]);
    expect([framer.firstKey, framer.keyCount]).toEqual([1, 1]);
    expect(text.slice(framer.valueStart, framer.valueEnd)).toBe('abc');
    expect(framer.noreply).toBe(true);
    expect(framer.next(bytes(text), framer.frameEnd, text.length)).toBe(McScan.frame);
    expect([framer.command, framer.firstKey, framer.keyCount, framer.noreply]).toEqual([Mc.get, 1, 2, false]);
    expect(framer.frameEnd).toBe(text.length);
  });

  it('begins the keys of gat behind its time', () => {
    const framer = frameOne('gats 60 a b\n');
    expect([framer.command, framer.firstKey, framer.keyCount]).toEqual([Mc.gats, 2, 2]);
  });

  it('leaves meta flags where they are, and says which there are', () => {
    const framer = frameOne('ms foo 2 T60 q Oabc c\r\nhi\r\n');
    expect([framer.firstFlag, framer.argCount, framer.quiet]).toEqual([3, 7, true]);
    expect(['T', 'q', 'O', 'c', 't', 'Q', 'o', 'C', 'b'].map((letter) => framer.hasFlag(flag(letter)))).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false, false],
    ]);
  });

  it('routes a base64 key by what it decodes to, and one that is not base64 as it is', () => {
    const framer = frameOne('mg Zm9v k b v\r\n');
    expect(Buffer.from(framer.decodedKey.subarray(0, framer.decodedKeyLength)).toString()).toBe('foo');
    expect(frameOne('me Zm9v b\r\n').decodedKeyLength).toBe(3);
    expect(frameOne('me Zm9v v b\r\n').decodedKeyLength).toBe(0);
    expect(frameOne('mg Zm9 b\r\n').decodedKeyLength).toBe(0);
    expect(frameOne('mg Zm9v v\r\n', framer).decodedKeyLength).toBe(0);
  });

  it('tells reads from writes', () => {
    const isWrite = (text: string): boolean => frameOne(text).isWrite;
    expect(['mg a v\r\n', 'get a\r\n', 'me a\r\n'].map(isWrite)).toEqual([false, false, false]);
    expect(['mg a N30\r\n', 'mg a T3\r\n', 'md a\r\n', 'gat 1 a\r\n', 'incr a 1\r\n'].map(isWrite)).toEqual(
      Array(5).fill(true),
    );
  });

  it('refuses to let flag N create a binary key with a line feed', () => {
    const key = Buffer.from('x\r\nHD\r\n').toString('base64');
    for (const command of ['mg', 'ma']) {
      expect(errorText(refuseOne(`${command} ${key} b N0 k\r\n`))).toMatch(/^CLIENT_ERROR ringward: .*flag N\r\n$/);
    }
    frameOne(`mg ${key} b k\r\n`);
    frameOne(`ms ${key} 1 b N0\r\na\r\n`);
    frameOne('mg Zm9v b N0 k\r\n');
  });

  it('throws the data of a too large value away, and serves the next request', () => {
    const framer = new McRequestFramer({ ...MC_REQUEST_LIMITS, valueBytesMax: 5 });
    const text = 'set a 0 0 7\r\nget a\r\n\r\nget b\r\n';
    refuseOne(text, framer);
    expect(errorText(framer)).toBe('SERVER_ERROR object too large for cache\r\n');
    expect([framer.swallowBytes, framer.fatal, framer.inDoubt]).toEqual([9, false, false]);
    expect(framer.next(bytes(text), framer.frameEnd, framer.frameEnd + 3)).toBe(McScan.more);
    expect(framer.isSwallowing).toBe(true);
    expect(framer.next(bytes(text), framer.frameStart, text.length)).toBe(McScan.frame);
    expect(text.slice(framer.frameStart, framer.frameEnd)).toBe('get b\r\n');
  });

  it('says nothing about a refused request with noreply', () => {
    for (const text of [`set ${longKey} 0 0 1 noreply\r\n`, 'touch a noreply\r\n', 'set a 0 0 1 noreply\r\nabc']) {
      expect(errorText(refuseOne(text))).toBe('');
    }
  });

  it.each([
    ['a storage line without its length', 'set a 0 0\r\n', true],
    ['a storage line with a long key', `set ${longKey} 0 0 1\r\n`, true],
    ['a length that wraps at 32 bits', 'set a 0 0 4294967299\r\n', true],
    ['an ms without a length', 'ms a\r\n', true],
    ['data that is longer than its length', 'set a 0 0 1\r\nabc\r\n', true],
    ['an unknown command', 'frob a\r\n', false],
    ['a get without a key', 'get\r\n', false],
    ['a get with a long key', `get a ${longKey}\r\n`, false],
  ])('is in doubt about what follows only after a storage request: %s', (_, text, inDoubt) => {
    const framer = refuseOne(text);
    expect(framer.fatal).toBe(false);
    expect(framer.inDoubt).toBe(inDoubt);
  });

  it('takes as many meta flags as memcached does', () => {
    const flags = ' P'.repeat(17);
    frameOne(`mg a${flags}\r\n`);
    frameOne(`ms a 1${flags.slice(2)}\r\nx\r\n`);
    expect(errorText(refuseOne(`mg a${flags} P\r\n`))).toBe('CLIENT_ERROR options flags are too long\r\n');
    expect(errorText(refuseOne(`ms a 1${flags}\r\n`))).toBe('CLIENT_ERROR options flags too long\r\n');
  });

  it('takes flush_all with and without a delay and noreply', () => {
    for (const text of ['flush_all\r\n', 'flush_all 10\r\n', 'flush_all noreply\r\n', 'flush_all 10 noreply\r\n'])
      frameOne(text);
    expect(errorText(refuseOne('flush_all x\r\n'))).toBe('CLIENT_ERROR invalid exptime argument\r\n');
  });

  it('does not take a wrong command with an HTTP-like key for HTTP', () => {
    for (const text of ['mx HTTP/1.1\r\n', 'gett HTTP/1.1\r\n', 'x HTTP/1.1\r\n', 'touch HTTP/1.1\r\n']) {
      const framer = refuseOne(text);
      expect([framer.fatal, errorText(framer)]).toEqual([false, 'ERROR\r\n']);
    }
  });

  it('closes on HTTP without a word', () => {
    const framer = refuseOne('POST / HTTP/1.1\r\nHost: x\r\n');
    expect([framer.fatal, errorText(framer)]).toEqual([true, '']);
  });

  it('closes on the binary protocol, and only when the connection begins with it', () => {
    const framer = refuseOne('\x80\x00\x00');
    expect([framer.fatal, errorText(framer)]).toEqual([
      true,
      'SERVER_ERROR ringward: the binary protocol is not supported\r\n',
    ]);
    const later = frameOne('mn\r\n');
    refuseOne('\x80\r\n', later);
    expect([later.fatal, errorText(later)]).toEqual([false, 'ERROR\r\n']);
  });

  it('closes on long lines, but for get and gets', () => {
    const limits = { ...MC_REQUEST_LIMITS, lineBytesMax: 64, retrievalLineBytesMax: 256 };
    const keys = ' key'.repeat(20);
    for (const text of [`mg${keys}`, `gat 1${keys}`, `getx${keys}`, 'x'.repeat(65), `${' '.repeat(101)}get${keys}`]) {
      for (const end of ['', '\r\n']) {
        const framer = refuseOne(text + end, new McRequestFramer(limits));
        expect([framer.fatal, errorText(framer)]).toEqual([
          true,
          'CLIENT_ERROR ringward: request line longer than 64 bytes\r\n',
        ]);
      }
    }
    for (const text of [`get${keys}\r\n`, ` gets${keys}\r\n`]) frameOne(text, new McRequestFramer(limits));
    expect(refuseOne(`get${keys.repeat(4)}`, new McRequestFramer(limits)).fatal).toBe(true);
  });

  it('limits the keys of one request', () => {
    const framer = new McRequestFramer({ ...MC_REQUEST_LIMITS, keysMax: 3 });
    frameOne('get a b c\r\n', framer);
    frameOne('gat 1 a b c\r\n', framer);
    expect(errorText(refuseOne('get a b c d\r\n', framer))).toBe(
      'CLIENT_ERROR ringward: more than 3 keys in one request\r\n',
    );
    expect(framer.fatal).toBe(false);
  });

  it('reads each byte of a line cut into many pieces a few times, and data bytes not at all', () => {
    const line = bytes(`get ${'key '.repeat(10_000)}\r\n`);
    const { proxy, reads } = counting(line);
    const framer = new McRequestFramer();
    for (let end = 0; end < line.length; end += 16) expect(framer.next(proxy, 0, end)).toBe(McScan.more);
    expect(framer.next(proxy, 0, line.length)).toBe(McScan.frame);
    // Once for the line feed, once for the words, and the first bytes of each piece for the name of a long line.
    expect(reads()).toBeLessThan(2 * line.length + (10 * line.length) / 16);

    const set = bytes(`set a 0 0 500000\r\n${'v'.repeat(500_000)}\r\n`);
    const counted = counting(set);
    for (let end = 0; end < set.length; end += 1000) expect(framer.next(counted.proxy, 0, end)).toBe(McScan.more);
    expect(framer.next(counted.proxy, 0, set.length)).toBe(McScan.frame);
    expect(counted.reads()).toBeLessThan(1100);
  });
});
