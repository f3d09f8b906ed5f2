import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../src/io/buffer-pool.js';
import { PartialReply } from '../../../src/upstream/partial-reply.js';

describe('PartialReply', () => {
  it('is active from the first append to the end, even if nothing had to be kept', () => {
    const partial = new PartialReply(new BufferPool(1));
    expect(partial.isActive).toBe(false);
    partial.append(Buffer.from('abc'), 3, 3);
    expect(partial.isActive).toBe(true);
    expect(partial).toHaveLength(0);
    partial.clear();
    expect(partial.isActive).toBe(false);
  });

  it.each(['clear', 'take'] as const)('forgets everything about the reply on %s', (how) => {
    const partial = new PartialReply(new BufferPool(1));
    partial.append(Buffer.from('abc'), 0, 3);
    partial.isStreaming = true;
    partial.consumed = 2;
    const taken = partial[how]();
    if (taken !== undefined) expect(taken.toString('latin1', 0, 3)).toBe('abc');
    expect(partial).toMatchObject({ isActive: false, isStreaming: false, consumed: 0, length: 0 });
  });
});
