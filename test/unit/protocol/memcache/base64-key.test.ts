import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Key } from '../../../../src/protocol/memcache/base64-key.js';

function decode(text: string): string {
  const out = new Uint8Array(250);
  const buf = Buffer.from(`x${text}x`, 'latin1');
  return Buffer.from(out.subarray(0, decodeBase64Key(buf, 1, 1 + text.length, out))).toString('latin1');
}

describe('decodeBase64Key', () => {
  it('undoes base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 180 }), (key) => {
        const encoded = Buffer.from(key).toString('base64');
        expect(decode(encoded)).toBe(Buffer.from(key).toString('latin1'));
      }),
    );
  });

  // Recorded from memcached 1.6.18, which answers `mg KEY b k` with the key as it decoded it.
  it.each([
    ['Zm9vYh==', 'foob'],
    ['Zm9=Zm9v', 'fo'],
    ['Zm!9v', 'foo'],
    ['Zm9v\xe9\xe9', 'foo'],
    ['Z=9v', 'd\x0f'],
    ['Zm9v=m9v', 'foo\x02o'],
  ])('reads %j as memcached does', (text, key) => {
    expect(decode(text)).toBe(key);
  });

  it.each(['', 'Zm9', '!!!!', 'Zm-v', 'Z===', '====', 'Zm9vZ==='])('refuses %j as memcached does', (text) => {
    expect(decode(text)).toBe('');
  });
});
