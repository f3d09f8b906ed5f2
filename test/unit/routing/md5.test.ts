import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { md5Words } from '../../../src/routing/md5.js';

it('md5 equals node:crypto for every length around the block boundaries', () => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 151 + 7) & 255));
  for (let length = 0; length <= 260; length++) {
    const start = length % 5;
    const digest = createHash('md5')
      .update(bytes.subarray(start, start + length))
      .digest();
    const expected = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
    expect([...md5Words(bytes, start, start + length)]).toEqual(expected);
  }
});
