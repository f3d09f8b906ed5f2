import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Copier } from '../../../src/io/copy.js';
import { BufferPool } from '../../../src/io/buffer-pool.js';
import { ReplyFramer } from '../../../src/protocol/resp/reply-framer.js';
import { FrameKind, MessageFrame } from '../../../src/pubsub/message-frame.js';
import { TopicKind } from '../../../src/pubsub/topic.js';
import { RecordQueue } from '../../../src/upstream/record-queue.js';
import { ReplyIntake } from '../../../src/upstream/reply-intake.js';
import type { WorkerContext } from '../../../src/worker-context.js';

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const array = (...items: string[]): string => `*${items.length}\r\n${items.join('')}`;
const WORDS = ['', 'p', 's'];

interface Expected {
  readonly bytes: string;
  readonly kind: number;
  readonly name: string;
}

function read(text: string): { kind: number; name: string } {
  const frame = new MessageFrame();
  const bytes = Buffer.from(`before${text}after`, 'latin1');
  frame.read(bytes, 6, bytes.length - 5);
  return { kind: frame.kind, name: bytes.toString('latin1', frame.nameStart, frame.nameEnd) };
}

describe('MessageFrame', () => {
  it.each([
    [array(bulk('message'), bulk('ch'), bulk('hello')), FrameKind.message, 'ch'],
    [array(bulk('pmessage'), bulk('c*'), bulk('ch'), bulk('')), FrameKind.message + TopicKind.pattern, 'c*'],
    [array(bulk('smessage'), bulk(''), bulk('\r\n')), FrameKind.message + TopicKind.shard, ''],
    [array(bulk('subscribe'), bulk('ch'), ':1\r\n'), FrameKind.subscribe, 'ch'],
    [array(bulk('psubscribe'), bulk('ch'), ':12\r\n'), FrameKind.subscribe + TopicKind.pattern, 'ch'],
    [array(bulk('sunsubscribe'), bulk('ch'), ':0\r\n'), FrameKind.unsubscribe + TopicKind.shard, 'ch'],
    [array(bulk('pong'), bulk('')), FrameKind.pong, ''],
    ['+PONG\r\n', FrameKind.pong, ''],
    ['-NOPERM no\r\n', FrameKind.error, ''],
  ])('reads %j', (text, kind, name) => {
    expect(read(text)).toEqual({ kind, name });
  });

  it.each([
    '+OK\r\n',
    ':1\r\n',
    '*0\r\n',
    '*-1\r\n',
    array(bulk('massage'), bulk('ch'), bulk('m')),
    array(bulk('message'), ':1\r\n', bulk('m')),
    array(bulk('message'), '$-1\r\n', bulk('m')),
    array(bulk('')),
    array(bulk('message')),
    array(':1\r\n', bulk('message')),
    array('$99999\r\nmessage\r\n', bulk('x')),
    `*10\r\n${bulk('message').repeat(10)}`,
  ])('does not take %j for one', (text) => {
    expect(read(text).kind).toBe(FrameKind.unknown);
  });
});

const name = fc.string({ unit: 'binary-ascii', maxLength: 40 });
const payload = fc.oneof(
  name,
  fc.nat(200_000).map((length) => '\r\n*3'.repeat(length >> 2)),
);
const frame: fc.Arbitrary<Expected> = fc.oneof(
  fc.tuple(fc.nat(2), name, payload).map(([kind, one, text]) => {
    const middle = kind === 1 ? [bulk(one), bulk('channel')] : [bulk(one)];
    return { bytes: array(bulk(`${WORDS[kind]}message`), ...middle, bulk(text)), kind, name: one };
  }),
  fc.tuple(fc.nat(2), fc.boolean(), name, fc.nat()).map(([kind, isEnd, one, count]) => ({
    bytes: array(bulk(`${WORDS[kind]}${isEnd ? 'un' : ''}subscribe`), bulk(one), `:${count}\r\n`),
    kind: kind + (isEnd ? FrameKind.unsubscribe : FrameKind.subscribe),
    name: one,
  })),
  fc.constant({ bytes: '+PONG\r\n', kind: FrameKind.pong, name: '' }),
  fc.constant({ bytes: '-NOPERM this user has no permissions\r\n', kind: FrameKind.error, name: '' }),
  fc.constant({ bytes: array(bulk('pong'), bulk('')), kind: FrameKind.pong, name: '' }),
);

describe('a connection with subscriptions', () => {
  it('passes on every frame whole and once, however the bytes are cut', () => {
    const run = (frames: Expected[], cuts: number[]): void => {
      const readBuffer = Buffer.alloc(65_536);
      const buffers = new BufferPool(8);
      const context = {
        buffers,
        copier: new Copier(readBuffer),
        limits: { clientOutputBytesMax: 2 ** 30 },
      } as unknown as WorkerContext;
      const seen: Expected[] = [];
      const reader = new MessageFrame();
      const broken: string[] = [];
      const intake = new ReplyIntake(
        context,
        new RecordQueue(),
        new ReplyFramer({ nestingMax: 8, lineBytesMax: 1024 }),
        {
          takes: 'all',
          onPush: (bytes, start, end) => {
            reader.read(bytes, start, end);
            seen.push({
              bytes: bytes.toString('latin1', start, end),
              kind: reader.kind,
              name: bytes.toString('latin1', reader.nameStart, reader.nameEnd),
            });
          },
        },
        (clause) => broken.push(clause),
      );
      const all = Buffer.from(frames.map((one) => one.bytes).join(''), 'latin1');
      let at = 0;
      let next = 0;
      while (at < all.length) {
        const length = Math.min(
          all.length - at,
          readBuffer.length,
          cuts.length === 0 ? 65_536 : cuts[next++ % cuts.length]!,
        );
        all.copy(readBuffer, 0, at, at + length);
        intake.read(readBuffer, length);
        at += length;
      }
      expect(broken).toEqual([]);
      expect(seen).toEqual(frames);
    };
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 12 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 200, max: 65_536 })), { maxLength: 6 }),
        (frames, cuts) => {
          // Single bytes all the way through would take the test minutes when payloads are long.
          const isLong = frames.some(({ bytes }) => bytes.length > 10_000);
          run(frames, isLong ? cuts.map((cut) => Math.max(cut, 200)) : cuts);
        },
      ),
      { numRuns: 200 },
    );
  });
});
