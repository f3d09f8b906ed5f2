import { describe, expect, it } from 'vitest';
import { RequestFramer, type RequestLimits } from '../../../../src/protocol/resp/request-framer.js';
import { Scan } from '../../../../src/protocol/resp/scan.js';
import { counting } from './counting.js';

const limits: RequestLimits = {
  bulkBytesMax: 512 * 1024 ** 2,
  argumentsMax: 1_048_576,
  inlineBytesMax: 65_536,
  requestBytesMax: 1024 ** 3,
};

const newFramer = (changes: Partial<RequestLimits> = {}): RequestFramer => new RequestFramer({ ...limits, ...changes });
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function argsIn(framer: RequestFramer, buf: Buffer): string[] {
  return Array.from({ length: framer.argc }, (_, i) =>
    buf.toString('latin1', framer.args[2 * i], framer.args[2 * i + 1]),
  );
}

/** The frame at the start of `text`, in one piece. */
function frameOf(text: string, framer = newFramer()): { args: string[]; end: number; isCanonical: boolean } {
  const buf = bytesOf(text);
  expect(framer.scan(buf, 0, buf.length), framer.error).toBe(Scan.frame);
  return { args: argsIn(framer, buf), end: framer.end, isCanonical: framer.isCanonical };
}

/** The error that `text` gives, whether it comes at once or a byte at a time. */
function errorOf(text: string, changes: Partial<RequestLimits> = {}): string {
  const buf = bytesOf(text);
  const whole = newFramer(changes);
  expect(whole.scan(buf, 0, buf.length)).toBe(Scan.error);
  const cut = newFramer(changes);
  let end = 0;
  while (end <= buf.length && cut.scan(buf, 0, end) === Scan.more) end++;
  expect(cut.error).toBe(whole.error);
  return whole.error;
}

describe('RequestFramer', () => {
  it.each<[string, string, string[]]>([
    ['one argument', '*1\r\n$4\r\nPING\r\n', ['PING']],
    ['an empty argument', '*2\r\n$3\r\nGET\r\n$0\r\n\r\n', ['GET', '']],
    ['CR and LF within an argument', '*2\r\n$3\r\nGET\r\n$4\r\n\r\n\r\n\r\n', ['GET', '\r\n\r\n']],
    ['NUL and 0xff', '*2\r\n$3\r\nGET\r\n$2\r\n\0\xff\r\n', ['GET', '\0\xff']],
    ['lengths of two digits', `*2\r\n$3\r\nGET\r\n$64\r\n${'x'.repeat(64)}\r\n`, ['GET', 'x'.repeat(64)]],
    ['lengths of three digits', `*2\r\n$3\r\nGET\r\n$100\r\n${'x'.repeat(100)}\r\n`, ['GET', 'x'.repeat(100)]],
    ['a count of two digits', `*12\r\n${'$1\r\na\r\n'.repeat(12)}`, Array<string>(12).fill('a')],
    ['an argument that looks like a request', '*2\r\n$4\r\nECHO\r\n$4\r\n*1\r\n\r\n', ['ECHO', '*1\r\n']],
  ])('finds the arguments of a request with %s', (_what, text, args) => {
    expect(frameOf(text)).toEqual({ args, end: text.length, isCanonical: true });
    expect(frameOf(`${text}*1\r\n`)).toEqual({ args, end: text.length, isCanonical: true });
  });

  it.each(['*0\r\n', '*-1\r\n', '*-7\r\n', '*-9223372036854775808\r\n'])('takes %j for an empty request', (text) => {
    expect(frameOf(text)).toEqual({ args: [], end: text.length, isCanonical: true });
  });

  it('begins afresh behind an empty request', () => {
    const buf = bytesOf('*2\r\n$1\r\na\r\n$1\r\nb\r\n*0\r\n*1\r\n$1\r\nc\r\n');
    const framer = newFramer();
    const found: string[][] = [];
    for (let pos = 0; pos < buf.length; pos = framer.end) {
      expect(framer.scan(buf, pos, buf.length)).toBe(Scan.frame);
      found.push(argsIn(framer, buf));
    }
    expect(found).toEqual([['a', 'b'], [], ['c']]);
  });

  it('asks for more when there is nothing to look at', () => {
    expect(newFramer().scan(bytesOf('*1\r\n'), 2, 2)).toBe(Scan.more);
  });

  it('grows with the arguments that come, not with the number announced', () => {
    const framer = newFramer();
    const buf = bytesOf('*1000000\r\n$1\r\na\r\n');
    expect(framer.scan(buf, 0, buf.length)).toBe(Scan.more);
    expect(framer.argc).toBe(1);
    expect(framer.args.length).toBeLessThan(100);
  });

  it('copies offsets a bounded number of times, however the request is cut', () => {
    const count = 50_000;
    const buf = bytesOf(`*${count}\r\n${'$1\r\na\r\n'.repeat(count)}`);
    const framer = newFramer();
    const arrays = new Set<Int32Array>();
    let result: number = Scan.more;
    for (let end = 100; result === Scan.more; end = Math.min(buf.length, end + 100)) {
      result = framer.scan(buf, 0, end);
      arrays.add(framer.args);
    }
    expect(result).toBe(Scan.frame);
    expect(framer.argc).toBe(count);
    expect([...arrays].reduce((sum, each) => sum + each.length, 0)).toBeLessThan(8 * count);
  });

  it('gives the slots of a long request back, those of an ordinary one not', () => {
    const framer = newFramer();
    frameOf(`*5000\r\n${'$1\r\na\r\n'.repeat(5000)}`, framer);
    expect(framer.args.length).toBeGreaterThanOrEqual(10_000);
    framer.shrink();
    expect(framer.args.length).toBeLessThan(100);
    frameOf(`*100\r\n${'$1\r\na\r\n'.repeat(100)}`, framer);
    const { args } = framer;
    framer.shrink();
    expect(framer.args).toBe(args);
  });

  it('keeps the slots of a long request that is cut', () => {
    const framer = newFramer();
    const text = `*5000\r\n${'$1\r\na\r\n'.repeat(5000)}`;
    const buf = bytesOf(text);
    expect(framer.scan(buf, 0, buf.length - 1)).toBe(Scan.more);
    framer.shrink();
    expect(framer.scan(buf, 0, buf.length)).toBe(Scan.frame);
    expect(argsIn(framer, buf)).toEqual(Array<string>(5000).fill('a'));
  });

  describe('of inline requests', () => {
    it.each(['PING\r\n', 'PING\n', '\r\n', '\n', ' \r\n', 'GET "a b"\r\n', '$3\r\n', '-1\r\n'])(
      'finds the line %j',
      (text) => {
        const framer = newFramer();
        const buf = bytesOf(`${text}*1\r\n`);
        expect(framer.scan(buf, 0, buf.length)).toBe(Scan.inline);
        expect(framer.end).toBe(text.length);
      },
    );

    it('finds a line that comes a byte at a time, and reads each byte once', () => {
      const framer = newFramer();
      const text = `SET k ${'v'.repeat(2000)}\r\n`;
      const { proxy, reads } = counting(bytesOf(text));
      for (let end = 1; end < text.length; end++) expect(framer.scan(proxy, 0, end)).toBe(Scan.more);
      expect(framer.scan(proxy, 0, text.length)).toBe(Scan.inline);
      expect(framer.end).toBe(text.length);
      expect(reads()).toBeLessThan(3 * text.length);
    });

    it('does not look behind the end it was given', () => {
      const framer = newFramer();
      const { proxy, reads } = counting(bytesOf(`PING${'x'.repeat(10_000)}\n`));
      expect(framer.scan(proxy, 0, 4)).toBe(Scan.more);
      expect(reads()).toBeLessThan(10);
    });

    it('refuses a line beyond the limit, whether its end has come or not', () => {
      expect(errorOf('x'.repeat(101), { inlineBytesMax: 100 })).toBe('Protocol error: too big inline request');
      expect(errorOf(`${'x'.repeat(101)}\n`, { inlineBytesMax: 100 })).toBe('Protocol error: too big inline request');
      const framer = newFramer({ inlineBytesMax: 100 });
      expect(framer.scan(bytesOf(`${'x'.repeat(100)}\n`), 0, 101)).toBe(Scan.inline);
    });
  });

  describe('refuses as redis-server does', () => {
    it.each([
      ['a count that is no number', '*a\r\n', 'invalid multibulk length'],
      ['an empty count', '*\r\n', 'invalid multibulk length'],
      ['a count with a plus', '*+1\r\n', 'invalid multibulk length'],
      ['a count with a leading zero', '*01\r\n', 'invalid multibulk length'],
      ['a count with a blank', '* 1\r\n', 'invalid multibulk length'],
      ['minus zero', '*-0\r\n', 'invalid multibulk length'],
      ['a count of 20 digits', '*10000000000000000000\r\n', 'invalid multibulk length'],
      ['a count beyond 32 bits', '*2147483648\r\n', 'invalid multibulk length'],
      ['a length that is no number', '*1\r\n$a\r\n', 'invalid bulk length'],
      ['an empty length', '*1\r\n$\r\n', 'invalid bulk length'],
      ['a null bulk', '*1\r\n$-1\r\n', 'invalid bulk length'],
      ['a length with a leading zero', '*1\r\n$04\r\nPING\r\n', 'invalid bulk length'],
      ['a length beyond the limit', '*1\r\n$536870913\r\n', 'invalid bulk length'],
      ['a length of 20 digits', '*1\r\n$10000000000000000000\r\n', 'invalid bulk length'],
      ['another type in place of a bulk', '*1\r\n:5\r\n', "expected '$', got ':'"],
      ['a line end in place of a bulk', '*1\r\n\r\n', "expected '$', got '\r'"],
      ['a number in place of a bulk', '*2\r\n$1\r\na\r\n1\r\n', "expected '$', got '1'"],
    ])('%s', (_what, text, error) => {
      expect(errorOf(text)).toBe(`Protocol error: ${error}`);
    });

    it('a count line without an end', () => {
      expect(errorOf(`*${'1'.repeat(65_536)}`)).toBe('Protocol error: too big mbulk count string');
    });

    it('a length line without an end', () => {
      expect(errorOf(`*1\r\n$${'1'.repeat(65_536)}`)).toBe('Protocol error: too big bulk count string');
    });
  });

  describe('keeps its limits', () => {
    it('of arguments', () => {
      const text = `*21\r\n${'$1\r\na\r\n'.repeat(21)}`;
      expect(errorOf(text, { argumentsMax: 20 })).toBe('Protocol error: invalid multibulk length');
      expect(frameOf(text, newFramer({ argumentsMax: 21 })).args).toHaveLength(21);
    });

    it.each([5, 50, 500])('of an argument of more than %i bytes, before its bytes come', (bulkBytesMax) => {
      expect(errorOf(`*1\r\n$${bulkBytesMax + 1}\r\n`, { bulkBytesMax })).toBe('Protocol error: invalid bulk length');
      const text = `*1\r\n$${bulkBytesMax}\r\n${'x'.repeat(bulkBytesMax)}\r\n`;
      expect(frameOf(text, newFramer({ bulkBytesMax })).end).toBe(text.length);
    });

    it('of a request, as soon as a length shows that it will be passed', () => {
      const tooLarge = 'Protocol error: request larger than the limit of 100 bytes';
      expect(errorOf(`*2\r\n$40\r\n${'x'.repeat(40)}\r\n$60\r\n`, { requestBytesMax: 100 })).toBe(tooLarge);
      expect(errorOf(`*20\r\n${'$1\r\na\r\n'.repeat(20)}`, { requestBytesMax: 100 })).toBe(tooLarge);
      const exact = `*1\r\n$89\r\n${'x'.repeat(89)}\r\n`;
      expect(exact).toHaveLength(100);
      expect(frameOf(exact, newFramer({ requestBytesMax: 100 })).end).toBe(100);
    });
  });

  it.each([
    ['the count', '*1\rX$4\r\nPING\r\n'],
    ['a short length', '*1\r\n$4\rXPING\r\n'],
    ['a body', '*1\r\n$4\r\nPINGXX'],
    ['a body, half', '*1\r\n$4\r\nPING\rX'],
    ['a body, the other half', '*1\r\n$4\r\nPINGX\n'],
  ])('says that a frame is not canonical when the line end of %s is odd, as Redis accepts it', (_what, text) => {
    expect(frameOf(text)).toEqual({ args: ['PING'], end: text.length, isCanonical: false });
    for (let cut = 1; cut < text.length; cut++) {
      const framer = newFramer();
      const buf = bytesOf(text);
      expect(framer.scan(buf, 0, cut)).toBe(Scan.more);
      expect(framer.scan(buf, 0, buf.length)).toBe(Scan.frame);
      expect(framer.isCanonical).toBe(false);
    }
  });

  it('takes the next frame for canonical again', () => {
    const framer = newFramer();
    const buf = bytesOf('*1\r\n$4\r\nPINGXX*1\r\n$4\r\nPING\r\n');
    framer.scan(buf, 0, buf.length);
    expect(framer.isCanonical).toBe(false);
    expect(framer.scan(buf, framer.end, buf.length)).toBe(Scan.frame);
    expect(framer.isCanonical).toBe(true);
  });

  describe('in a cut frame', () => {
    it('goes on where it stopped after the bytes were moved', () => {
      const first = '*1\r\n$4\r\nPING\r\n';
      const second = `*3\r\n$3\r\nSET\r\n$100\r\n${'k'.repeat(100)}\r\n$5\r\nvalue\r\n`;
      for (let cut = 1; cut < second.length; cut++) {
        const framer = newFramer();
        const read = bytesOf(first + second.slice(0, cut));
        expect(framer.scan(read, 0, read.length)).toBe(Scan.frame);
        const start = framer.end;
        expect(framer.scan(read, start, read.length)).toBe(Scan.more);
        framer.rebase(start);
        const moved = bytesOf(second);
        expect(framer.scan(moved, 0, moved.length)).toBe(Scan.frame);
        expect(argsIn(framer, moved)).toEqual(['SET', 'k'.repeat(100), 'value']);
        expect(framer.end).toBe(second.length);
      }
    });

    it('says how many bytes it needs as far as it knows', () => {
      const framer = newFramer();
      const buf = bytesOf(`xx*2\r\n$3\r\nSET\r\n$1000\r\n${'v'.repeat(500)}`);
      const head = '*2\r\n$3\r\nSET\r\n$1000\r\n'.length;
      expect(framer.scan(buf, 2, 2 + head)).toBe(Scan.more);
      expect(framer.bytesNeeded).toBe(head + 1002);
      framer.rebase(2);
      expect(framer.bytesNeeded).toBe(head + 1002);
      expect(framer.scan(buf.subarray(2), 0, head + 500)).toBe(Scan.more);
      expect(framer.bytesNeeded).toBe(head + 1002);
    });

    it.each(['*', 'PIN'])('claims no need that an earlier frame had when only %j has come', (text) => {
      const framer = newFramer();
      const large = bytesOf(`*1\r\n$2000\r\n${'x'.repeat(2000)}\r\n`);
      expect(framer.scan(large, 0, 1500)).toBe(Scan.more);
      expect(framer.scan(large, 0, large.length)).toBe(Scan.frame);
      const next = bytesOf(text);
      expect(framer.scan(next, 0, next.length)).toBe(Scan.more);
      expect(framer.bytesNeeded).toBe(0);
    });

    it.each([
      ['a count line', '*1\r', '\n$4\r\nPING\r\n'],
      ['a length line', '*1\r\n$4\r', '\nPING\r\n'],
      ['a longer length line', '*1\r\n$10\r', '\n0123456789\r\n'],
    ])('does not overlook the line behind one that was cut: %s', (_what, first, second) => {
      const framer = newFramer();
      const text = `${first}${second}\r\n*0\r\n`;
      const buf = bytesOf(text);
      expect(framer.scan(buf, 0, first.length)).toBe(Scan.more);
      expect(framer.scan(buf, 0, buf.length)).toBe(Scan.frame);
      expect(framer.end).toBe(first.length + second.length);
      expect(framer.scan(buf, framer.end, framer.end + 2)).toBe(Scan.inline);
      expect(framer.end).toBe(first.length + second.length + 2);
    });

    it('reads each byte of the lines a bounded number of times, and bodies not at all', () => {
      const framer = newFramer();
      const text = `*2\r\n$3\r\nSET\r\n$20000\r\n${'v'.repeat(20_000)}\r\n`;
      const { proxy, reads } = counting(bytesOf(text));
      for (let end = 1; end < text.length; end++) expect(framer.scan(proxy, 0, end)).toBe(Scan.more);
      expect(framer.scan(proxy, 0, text.length)).toBe(Scan.frame);
      expect(reads()).toBeLessThan(400);
    });
  });
});
