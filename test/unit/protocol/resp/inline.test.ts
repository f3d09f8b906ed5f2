import { describe, expect, it } from 'vitest';
import { encodeRequest, inlineToFrame, splitInline } from '../../../../src/protocol/resp/inline.js';

describe('splitInline', () => {
  it.each<[string, string[] | undefined]>([
    ['', []],
    [' \t\v\f\r ', []],
    ['PING', ['PING']],
    ['  GET   key  ', ['GET', 'key']],
    ['a\tb\rc\nd', ['a', 'b', 'c', 'd']],
    ['a\vb\fc', ['a\vb\fc']],
    ['\va', ['a']],
    ['"a"\vb', ['a', 'b']],
    ['""', ['']],
    ["''", ['']],
    ['"a b" c', ['a b', 'c']],
    ["'a b' c", ['a b', 'c']],
    ['foo"bar"', ['foobar']],
    ["foo'bar' x", ['foobar', 'x']],
    ['"a"b', undefined],
    ["'a'b", undefined],
    ['"a""b"', undefined],
    ['"a', undefined],
    ["'a", undefined],
    ['"', undefined],
    ['"a\\"', undefined],
    ["'a\\'", undefined],
    ['"\\n\\r\\t\\b\\a\\\\\\""', ['\n\r\t\b\x07\\"']],
    ['"\\q\\v"', ['qv']],
    ['"\\x41\\xff\\x00"', ['A\xff\0']],
    ['"\\x4"', ['x4']],
    ['"\\xzz"', ['xzz']],
    ["'\\n\\''", ["\\n'"]],
    ["'\\x41'", ['\\x41']],
    ['a\\n', ['a\\n']],
    ['\xff\x80', ['\xff\x80']],
    ['a\0b', ['a']],
    ['"a\0b"', undefined],
  ])('splits %j as sdssplitargs does', (line, args) => {
    expect(splitInline(line)).toEqual(args);
  });
});

describe('inlineToFrame', () => {
  const frame = (line: string): string | undefined => {
    const bytes = Buffer.from(`xx${line}yy`, 'latin1');
    return inlineToFrame(bytes, 2, 2 + line.length)?.toString('latin1');
  };

  it('gives the frame of a line, with either line end', () => {
    expect(frame('GET a\r\n')).toBe('*2\r\n$3\r\nGET\r\n$1\r\na\r\n');
    expect(frame('GET a\n')).toBe('*2\r\n$3\r\nGET\r\n$1\r\na\r\n');
  });

  it('keeps bytes that are no UTF-8', () => {
    expect(frame('GET "\\xff" \xfe\r\n')).toBe('*3\r\n$3\r\nGET\r\n$1\r\n\xff\r\n$1\r\n\xfe\r\n');
  });

  it('gives nothing to do for an empty line', () => {
    expect(frame('\r\n')).toBe('');
    expect(frame('\n')).toBe('');
    expect(frame('  \r\n')).toBe('');
  });

  it('gives no frame when quotes are not balanced', () => {
    expect(frame('GET "a\r\n')).toBeUndefined();
  });
});

describe('encodeRequest', () => {
  it('counts bytes, not characters', () => {
    expect(encodeRequest(['é', Buffer.from([0xff])]).toString('latin1')).toBe('*2\r\n$2\r\n\xc3\xa9\r\n$1\r\n\xff\r\n');
  });

  it('writes no arguments as an empty array', () => {
    expect(encodeRequest([]).toString()).toBe('*0\r\n');
  });
});
