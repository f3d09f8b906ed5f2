/** The plan of one get over several nodes: it keeps the client's keys too, because replies are matched to them. */
import type { McAskedKeys } from '../../protocol/memcache/merge.js';
import type { McRequestFramer } from '../../protocol/memcache/request-framer.js';
import type { NodeOf } from '../../routing/partitioner.js';
import { Plan } from '../plan.js';

const KEYS_START_CAPACITY = 256;
const LINE_START_BYTES = 4096;
/** What a spare plan holds on to. */
const KEYS_KEPT_MAX = 1024;
const LINE_KEPT_BYTES_MAX = 16 * 1024;

export class GetPlan extends Plan implements McAskedKeys {
  /** The client's line from its first key on, after `keepKeys`. */
  line = Buffer.allocUnsafeSlow(LINE_START_BYTES);
  lineView = new DataView(this.line.buffer);
  /** Where in `line` key i starts and ends: keyAt[2 * i] and keyAt[2 * i + 1]. */
  keyAt = new Int32Array(2 * KEYS_START_CAPACITY);

  /** Finds the node of each key of the request in `framer`. No part: there are no keys. */
  fill(bytes: Buffer, framer: McRequestFramer, nodeOf: NodeOf): void {
    const { args, firstKey, keyCount } = framer;
    this.makeRoom(keyCount);
    if (2 * keyCount > this.keyAt.length || this.keyAt.length > 2 * KEYS_KEPT_MAX)
      this.keyAt = new Int32Array(2 * Math.max(keyCount, KEYS_START_CAPACITY));
    const { partOf, partOfNode, keyAt } = this;
    const first = args[2 * firstKey]!;
    let parts = 0;
    let before = args[2 * firstKey - 1]!;
    for (let i = 0, at = 2 * firstKey; i < keyCount; i++, at += 2) {
      const start = args[at]!;
      const end = args[at + 1]!;
      const node = nodeOf(bytes, start, end);
      let part = partOfNode[node]!;
      if (part < 0) {
        part = parts++;
        partOfNode[node] = part;
        this.nodes[part] = node;
        this.bytes[part] = 0;
      }
      partOf[i] = part;
      keyAt[2 * i] = start - first;
      keyAt[2 * i + 1] = end - first;
      this.bytes[part]! += end - before;
      before = end;
    }
    for (let part = 0; part < parts; part++) partOfNode[this.nodes[part]!] = -1;
    this.keys = keyCount;
    this.parts = parts;
  }

  /** Copies the keys: the client's bytes are gone when the replies come. */
  keepKeys(bytes: Buffer, framer: McRequestFramer): void {
    const { args, firstKey } = framer;
    const start = args[2 * firstKey]!;
    const length = this.keyAt[2 * this.keys - 1]!;
    if (length > this.line.length || this.line.length > LINE_KEPT_BYTES_MAX) {
      this.line = Buffer.allocUnsafeSlow(Math.max(length, LINE_START_BYTES));
      this.lineView = new DataView(this.line.buffer);
    }
    bytes.copy(this.line, 0, start, start + length);
  }
}
