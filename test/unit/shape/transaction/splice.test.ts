import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Output } from '../../../../src/io/output.js';
import { encodeReply } from '../../../../src/protocol/resp/encoder.js';
import {
  arrayReply,
  bulkReply,
  integerReply,
  nullReply,
  type ReplyValue,
} from '../../../../src/protocol/resp/value.js';
import { isOkAt, itemOffsets, splice } from '../../../../src/shape/transaction/splice.js';

const { item } = fc.letrec<{ item: ReplyValue }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 3 },
    fc.string().map((text) => bulkReply(text)),
    fc.integer().map((value) => integerReply(value)),
    fc.constant(nullReply),
    fc.constant<ReplyValue>({ type: 'error', text: 'ERR no' }),
    fc.constant<ReplyValue>({ type: 'simple', text: 'OK' }),
    fc.array(tie('item'), { maxLength: 4 }).map((items) => arrayReply(items)),
  ),
}));

it.each([2, 3] as const)('replies are put between those of a node, wherever they belong, in RESP%i', (version) => {
  fc.assert(
    fc.property(fc.array(fc.record({ value: item, isOwn: fc.boolean() })), fc.nat(5), (all, before) => {
      const theirs = all.filter(({ isOwn }) => !isOwn).map(({ value }) => value);
      const reply = Buffer.concat([Buffer.alloc(before), encodeReply(arrayReply(theirs), version)]);
      const own: Parameters<typeof splice>[3][number][] = [];
      let position = 0;
      for (const { value, isOwn } of all) {
        if (!isOwn) position++;
        else
          own.push({ position, bytes: encodeReply(value, version), start: 0, end: encodeReply(value, version).length });
      }
      const written: Buffer[] = [];
      const output = {
        append: (bytes: Buffer, start: number, end: number) => written.push(Buffer.from(bytes.subarray(start, end))),
      } as unknown as Output;
      const offsets = itemOffsets(reply, before, reply.length, theirs.length);
      splice(output, reply, offsets, own);
      const expected = encodeReply(arrayReply(all.map(({ value }) => value)), version);
      expect(Buffer.concat(written).toString('latin1')).toBe(expected.toString('latin1'));
      theirs.forEach((value, i) => expect(isOkAt(reply, offsets[i]!)).toBe(value.type === 'simple'));
    }),
  );
});
