import { describe, expect, it } from 'vitest';
import { ReplyFramer, type ReplyLimits } from '../../../../src/protocol/resp/reply-framer.js';
import { Scan } from '../../../../src/protocol/resp/scan.js';
import { counting } from './counting.js';

const limits: ReplyLimits = { nestingMax: 8, lineBytesMax: 1024 };
const newFramer = (changes: Partial<ReplyLimits> = {}): ReplyFramer => new ReplyFramer({ ...limits, ...changes });
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Feeds `text` in pieces that end at `ends`, showing again only what was not consumed. */
function feed(framer: ReplyFramer, text: string, ends: readonly number[]): number {
  const buf = bytesOf(text);
  let from = 0;
  for (const end of ends) {
    // A copy of the bytes that count and no others, so that a framer that looks further is found out.
    const shown = Buffer.concat([Buffer.alloc(7, 'x'), buf.subarray(from, end)]);
    const result = framer.scan(shown, 7, shown.length);
    if (result !== Scan.more) {
      if (result === Scan.frame) expect(framer.end - 7 + from).toBe(text.length);
      return result;
    }
    expect(framer.consumed).toBeGreaterThanOrEqual(7);
    expect(framer.consumed).toBeLessThanOrEqual(shown.length);
    from += framer.consumed - 7;
  }
  return Scan.more;
}

const byteByByte = (text: string): number[] => Array.from({ length: text.length }, (_, i) => i + 1);

function errorOf(text: string, changes: Partial<ReplyLimits> = {}): string {
  const whole = newFramer(changes);
  expect(whole.scan(bytesOf(text), 0, text.length)).toBe(Scan.error);
  const cut = newFramer(changes);
  expect(feed(cut, text, byteByByte(text))).toBe(Scan.error);
  expect(cut.error).toBe(whole.error);
  return whole.error;
}

const types: readonly (readonly [string, string])[] = [
  ['a simple string', '+OK\r\n'],
  ['an empty simple string', '+\r\n'],
  ['a simple string with a lone CR', '+a\rb\r\n'],
  ['an error', '-ERR no\r\n'],
  ['an integer', ':-12\r\n'],
  ['a bulk string', '$5\r\nhello\r\n'],
  ['an empty bulk string', '$0\r\n\r\n'],
  ['a bulk string of two-digit length', `$64\r\n${'x'.repeat(64)}\r\n`],
  ['a bulk string of three-digit length', `$300\r\n${'x'.repeat(300)}\r\n`],
  ['a bulk string of line ends', '$6\r\n\r\n\r\n\r\n\r\n'],
  ['a bulk string that looks like a reply', '$5\r\n+OK\r\n\r\n'],
  ['a null bulk string', '$-1\r\n'],
  ['a null array', '*-1\r\n'],
  ['an empty array', '*0\r\n'],
  ['an array', '*3\r\n:1\r\n$-1\r\n+x\r\n'],
  ['a nested array', '*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n$1\r\na\r\n'],
  ['a null', '_\r\n'],
  ['a boolean', '#t\r\n'],
  ['a double', ',1.5\r\n'],
  ['a big number', '(3492890328409238509324850943850943825024385\r\n'],
  ['a bulk error', '!10\r\nSYNTAX err\r\n'],
  ['a verbatim string', '=8\r\ntxt:Some\r\n'],
  ['a map', '%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n'],
  ['an empty map', '%0\r\n'],
  ['a set', '~2\r\n:1\r\n:2\r\n'],
  ['a push', '>2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n'],
  ['an attribute before a reply', '|1\r\n+ttl\r\n:3600\r\n+OK\r\n'],
  ['an empty attribute', '|0\r\n+OK\r\n'],
  ['two attributes', '|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n+OK\r\n'],
  ['an attribute before an element', '*2\r\n|1\r\n+ttl\r\n:3600\r\n:1\r\n:2\r\n'],
  ['an attribute within an attribute', '|1\r\n|1\r\n+x\r\n:1\r\n+a\r\n:1\r\n+OK\r\n'],
  ['a streamed string', '$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n'],
  ['an empty streamed string', '$?\r\n;0\r\n'],
  ['a streamed string in an array', '*2\r\n$?\r\n;1\r\na\r\n;0\r\n:1\r\n'],
  ['a streamed array', '*?\r\n:1\r\n$1\r\na\r\n.\r\n'],
  ['an empty streamed array', '*?\r\n.\r\n'],
  ['a streamed map', '%?\r\n+a\r\n:1\r\n.\r\n'],
  ['a streamed set', '~?\r\n+a\r\n.\r\n'],
  ['streamed arrays within one another', '*?\r\n*?\r\n:1\r\n.\r\n*1\r\n*?\r\n.\r\n.\r\n'],
];

describe('ReplyFramer', () => {
  it.each(types)('finds the end of %s', (_what, text) => {
    const framer = newFramer();
    const buf = bytesOf(`xx${text}+next\r\n`);
    expect(framer.scan(buf, 2, buf.length), framer.error).toBe(Scan.frame);
    expect(framer.end).toBe(2 + text.length);
    expect(framer.isMidFrame).toBe(false);
  });

  it.each(types)('finds the end of %s in any two pieces and byte by byte', (_what, text) => {
    for (let cut = 1; cut < text.length; cut++) {
      const framer = newFramer();
      expect(feed(framer, text, [cut, text.length]), framer.error).toBe(Scan.frame);
      expect(framer.isMidFrame).toBe(false);
    }
    const framer = newFramer();
    expect(feed(framer, text, byteByByte(text)), framer.error).toBe(Scan.frame);
  });

  it('serves reply after reply', () => {
    const framer = newFramer();
    const all = types.map(([, text]) => text);
    const buf = bytesOf(all.join(''));
    let pos = 0;
    for (const text of all) {
      expect(framer.scan(buf, pos, buf.length)).toBe(Scan.frame);
      expect(framer.end - pos).toBe(text.length);
      pos = framer.end;
    }
    expect(framer.scan(buf, pos, buf.length)).toBe(Scan.more);
    expect(framer.consumed).toBe(buf.length);
    expect(framer.isMidFrame).toBe(false);
  });

  it.each([
    ['+OK\r\n', '+'],
    ['-ERR\r\n', '-'],
    ['$-1\r\n', '$'],
    ['*1\r\n-ERR\r\n', '*'],
    ['>1\r\n+a\r\n', '>'],
    ['|1\r\n+a\r\n-b\r\n-ERR\r\n', '-'],
    ['|0\r\n>1\r\n+a\r\n', '>'],
    ['*?\r\n-a\r\n.\r\n', '*'],
  ])('says which type %j is', (text, type) => {
    const framer = newFramer();
    expect(framer.scan(bytesOf(text), 0, text.length)).toBe(Scan.frame);
    expect(String.fromCharCode(framer.type)).toBe(type);
    const cut = newFramer();
    expect(feed(cut, text, byteByByte(text))).toBe(Scan.frame);
    expect(String.fromCharCode(cut.type)).toBe(type);
  });

  it('keeps back only the line that is cut, and says how many bytes of a body are to come', () => {
    const framer = newFramer();
    const text = '*2\r\n$10\r\n0123456789\r\n$1';
    expect(framer.scan(bytesOf(text), 0, text.length)).toBe(Scan.more);
    expect(framer.consumed).toBe(text.length - 2);
    expect(framer.bytesExpected).toBe(0);
    expect(framer.isMidFrame).toBe(true);
    expect(framer.scan(bytesOf('$1000\r\nabc'), 0, 10)).toBe(Scan.more);
    expect(framer.consumed).toBe(10);
    expect(framer.bytesExpected).toBe(999);
    expect(framer.scan(Buffer.alloc(900), 0, 900)).toBe(Scan.more);
    expect(framer.bytesExpected).toBe(99);
  });

  it('holds nothing for a huge announcement', () => {
    const framer = newFramer();
    expect(framer.scan(bytesOf('*999999999999\r\n$999999999999\r\n'), 0, 30)).toBe(Scan.more);
    expect(framer.bytesExpected).toBe(1_000_000_000_001);
  });

  it('reads each byte of lines a bounded number of times, and bodies not at all', () => {
    const framer = newFramer({ lineBytesMax: 65_536 });
    const line = `+${'x'.repeat(3000)}\r\n`;
    const { proxy, reads } = counting(bytesOf(`*2\r\n$20000\r\n${'v'.repeat(20_000)}\r\n${line}`));
    let from = 0;
    for (let end = 1; framer.scan(proxy, from, end) === Scan.more; end++) from = framer.consumed;
    expect(framer.end).toBe(proxy.length);
    expect(reads()).toBeLessThan(4 * line.length + 200);
  });

  describe('refuses', () => {
    it.each([
      ['an unknown type', 'hello\r\n', '0x68 is no reply type'],
      ['an unknown type in an array', '*1\r\n?\r\n', '0x3f is no reply type'],
      ['a blank line', '\r\n', '0x0d is no reply type'],
      ['a bulk length that is no number', '$a\r\n', 'a bulk has a bad length'],
      ['an empty bulk length', '$\r\n', 'a bulk has a bad length'],
      ['a bulk length below -1', '$-2\r\n', 'a bulk has a bad length'],
      ['a bulk length of 13 digits', '$1000000000000\r\n', 'a bulk has a bad length'],
      ['an odd end of a short length line', '$5\rXhello\r\n', 'a bulk has a bad length'],
      ['an odd end of a two-digit length line', `$12\rX${'x'.repeat(12)}\r\n`, 'a bulk has a bad length'],
      ['an array length that is no number', '*x\r\n', 'an aggregate has a bad length'],
      ['a bulk that ends early', '$5\r\nhel\r\n+\r\n', 'a bulk does not end with CRLF'],
      ['a bulk without its CR', '$3\r\nabcX\n', 'a bulk does not end with CRLF'],
      ['a bulk without its LF', '$3\r\nabc\rX', 'a bulk does not end with CRLF'],
      ['a long bulk without its CR', `$100\r\n${'x'.repeat(100)}X\n`, 'a bulk does not end with CRLF'],
      ['a bad chunk of a streamed string', '$?\r\n$1\r\na\r\n', 'a streamed string has a bad chunk'],
      ['a negative chunk', '$?\r\n;-1\r\n', 'a streamed string has a bad chunk'],
      ['an end of stream at the top', '.\r\n', 'an end of stream without a stream'],
      ['an end of stream in a counted array', '*1\r\n.\r\n', 'an end of stream without a stream'],
      ['an end of stream with a tail', '*?\r\n.x\r\n', 'an end of stream without a stream'],
      ['a streamed attribute', '|?\r\n', 'an attribute cannot be streamed'],
    ])('%s', (_what, text, error) => {
      expect(errorOf(text)).toBe(error);
    });

    it('nesting beyond the limit, of any kind', () => {
      const nested = (depth: number): string => `${'*1\r\n'.repeat(depth)}:1\r\n`;
      expect(newFramer().scan(bytesOf(nested(8)), 0, nested(8).length)).toBe(Scan.frame);
      expect(errorOf(nested(9))).toBe('nested deeper than 8');
      expect(errorOf('*?\r\n'.repeat(9))).toBe('nested deeper than 8');
      expect(errorOf('|1\r\n'.repeat(9))).toBe('nested deeper than 8');
      expect(errorOf(`${'*1\r\n'.repeat(8)}$?\r\n`)).toBe('nested deeper than 8');
    });

    it('no attributes in a row, which do not nest', () => {
      const text = `${'|1\r\n+a\r\n:1\r\n'.repeat(50)}+OK\r\n`;
      expect(newFramer().scan(bytesOf(text), 0, text.length)).toBe(Scan.frame);
    });

    it.each(['+', '-', ':', '*1\r\n+'])('a line beyond the limit, wherever it is cut (%j)', (head) => {
      const at = (length: number): string => `${head}${'x'.repeat(length - 1)}\r\n`;
      expect(errorOf(at(1025))).toBe('a line is longer than 1024 bytes');
      const framer = newFramer();
      expect(framer.scan(bytesOf(at(1024)), 0, at(1024).length)).toBe(Scan.frame);
      expect(feed(newFramer(), at(1024), byteByByte(at(1024)))).toBe(Scan.frame);
    });

    it('a line beyond the limit whose end never comes', () => {
      expect(errorOf('x'.repeat(1026))).toBe('a line is longer than 1024 bytes');
    });
  });
});
