import { describe, expect, it } from 'vitest';
import { McReplyKind, type McReplyKindId } from '../../../../src/protocol/memcache/commands.js';
import { MC_REPLY_LIMITS, McReplyFramer } from '../../../../src/protocol/memcache/reply-framer.js';
import { McAnswer } from '../../../../src/protocol/memcache/reply-lines.js';
import { McScan } from '../../../../src/protocol/memcache/scan.js';
import { counting } from './counting.js';

function scan(text: string, kind: McReplyKindId, framer = new McReplyFramer()): number {
  const buf = Buffer.from(text, 'latin1');
  return framer.next(buf, 0, buf.length, kind);
}

describe('McReplyFramer', () => {
  it('ends a get at END, not at an END inside a value', () => {
    const framer = new McReplyFramer();
    expect(scan('VALUE a 0 5 77\r\nEND\r\n\r\nEND\r\nSTORED\r\n', McReplyKind.values, framer)).toBe(McScan.frame);
    expect([framer.replyEnd, framer.itemCount, framer.isError]).toEqual([28, 1, false]);
    expect(framer.answer).toBe(McAnswer.value);
  });

  it('ends a get at an error that comes in the place of END', () => {
    const framer = new McReplyFramer();
    const text = 'VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n';
    expect(scan(text, McReplyKind.values, framer)).toBe(McScan.frame);
    expect([framer.replyEnd, framer.isError, framer.answer]).toEqual([text.length, true, McAnswer.serverError]);
  });

  it('separates the reply of a quiet meta request from the MN behind it', () => {
    const framer = new McReplyFramer();
    expect(scan('VA 2 kfoo\r\nMN\r\n', McReplyKind.fencedMeta, framer)).toBe(McScan.more);
    const text = 'VA 4 kfoo\r\nMN\r\n\r\nMN\r\n';
    const other = new McReplyFramer();
    expect(scan(text, McReplyKind.fencedMeta, other)).toBe(McScan.frame);
    expect([other.bodyEnd, other.replyEnd, other.answer]).toEqual([17, text.length, McAnswer.valueHit]);
    expect(scan('MN\r\n', McReplyKind.fencedMeta, other)).toBe(McScan.frame);
    expect([other.bodyEnd, other.replyEnd, other.answer]).toEqual([0, 4, McAnswer.noOp]);
  });

  it.each([
    ['DELETED\r\n', McReplyKind.store],
    ['STORED\r\n', McReplyKind.values],
    ['END\r\n', McReplyKind.meta],
    ['HD\r\n', McReplyKind.fence],
    ['MN\r\n', McReplyKind.meta],
    ['EN\r\n', McReplyKind.delete],
    ['HD\r\nHD\r\n', McReplyKind.fencedMeta],
    ['VALUE a 0 1\r\nx\r\nSTORED\r\n', McReplyKind.values],
    ['STAT a b\r\nVALUE a 0 1\r\n', McReplyKind.stats],
    ['hello\r\n', McReplyKind.version],
    ['\r\n', McReplyKind.store],
    ['12x\r\n', McReplyKind.arithmetic],
    ['STOREDX\r\n', McReplyKind.store],
    ['STORED now\r\n', McReplyKind.store],
  ])('takes %j for a stream out of step', (text, kind) => {
    const framer = new McReplyFramer();
    expect(scan(text, kind, framer)).toBe(McScan.error);
    expect(framer.errorText).not.toBe('');
  });

  it.each([
    ['a line without CR', 'STORED\n', McReplyKind.store],
    ['a value longer than its length', 'VALUE a 0 1\r\nxx\r\nEND\r\n', McReplyKind.values],
    ['a value without a length', 'VALUE a 0\r\n', McReplyKind.values],
    ['a negative length', 'VA -1\r\n', McReplyKind.meta],
    ['a value over the limit', 'VA 101\r\n', McReplyKind.meta],
    ['a whole line over the limit', `VERSION ${'x'.repeat(64)}\r\n`, McReplyKind.version],
    ['an open line over the limit', `VERSION ${'x'.repeat(64)}`, McReplyKind.version],
    ['a reply over the limit', 'STAT a b\r\n'.repeat(41), McReplyKind.stats],
  ])('refuses %s', (_, text, kind) => {
    const framer = new McReplyFramer({ lineBytesMax: 64, valueBytesMax: 100, replyBytesMax: 400 });
    expect(scan(text, kind, framer)).toBe(McScan.error);
  });

  it('takes an error line for any kind of request', () => {
    for (const kind of Object.values(McReplyKind)) {
      if (kind === McReplyKind.none || kind === McReplyKind.fencedMeta) continue;
      const framer = new McReplyFramer(MC_REPLY_LIMITS);
      expect(scan('SERVER_ERROR out of memory\r\n', kind, framer)).toBe(McScan.frame);
      expect(framer.isError).toBe(true);
    }
  });

  it('reads each byte of a line cut into many pieces a few times, and data bytes not at all', () => {
    const text = `VALUE ${'k'.repeat(4000)} 0 100000\r\n${'v'.repeat(100_000)}\r\nEND\r\n`;
    const { proxy, reads } = counting(Buffer.from(text));
    const framer = new McReplyFramer();
    for (let end = 0; end < text.length; end += 8) {
      expect(framer.next(proxy, 0, end, McReplyKind.values)).toBe(McScan.more);
    }
    expect(framer.next(proxy, 0, text.length, McReplyKind.values)).toBe(McScan.frame);
    expect(reads()).toBeLessThan(4 * 4000);
  });
});
