/**
 * The five kinds of value an embedded Redis node holds, apart from the two with their own structure (list-value.ts, sorted-set.ts).
 * Each keeps an estimate of its bytes as it changes, so the memory bound costs O(1) per command. The estimates are what V8 was
 * measured to need for small members (docs/embedded-nodes.md), rounded up.
 */
import { IndexedMap } from './indexed-map.js';
import type { ListValue } from './list-value.js';
import type { SortedSet } from './sorted-set.js';

export type Value = StringValue | HashValue | ListValue | SetValue | SortedSet;
export type ValueType = Value['type'];

const STRING_BYTES = 48;
const FIELD_BYTES = 120;
const MEMBER_BYTES = 96;
/** Appending only links strings together; after this many links the text is copied into one piece. */
const LINKS_MAX = 64;

export class StringValue {
  readonly type = 'string';
  #text: string;
  #links = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  get bytes(): number {
    return STRING_BYTES + this.#text.length;
  }

  append(text: string): number {
    this.#text += text;
    this.#links += 1;
    if (this.#links >= LINKS_MAX) {
      this.#text = Buffer.from(this.#text, 'latin1').toString('latin1');
      this.#links = 0;
    }
    return this.#text.length;
  }

  copy(): StringValue {
    return new StringValue(this.#text);
  }
}

export class HashValue {
  readonly type = 'hash';
  readonly fields = new IndexedMap<string>();
  bytes = 0;

  get size(): number {
    return this.fields.size;
  }

  /** True when the field was new. */
  set(field: string, value: string): boolean {
    const before = this.fields.get(field);
    this.fields.set(field, value);
    this.bytes += before === undefined ? FIELD_BYTES + field.length + value.length : value.length - before.length;
    return before === undefined;
  }

  delete(field: string): boolean {
    const before = this.fields.get(field);
    if (before === undefined) return false;
    this.bytes -= FIELD_BYTES + field.length + before.length;
    return this.fields.delete(field);
  }

  values(): readonly string[] {
    return this.fields.values();
  }

  copy(): HashValue {
    const copy = new HashValue();
    for (const field of this.fields.keys()) copy.set(field, this.fields.get(field)!);
    return copy;
  }
}

export class SetValue {
  readonly type = 'set';
  readonly members = new IndexedMap<true>();
  bytes = 0;

  get size(): number {
    return this.members.size;
  }

  add(member: string): boolean {
    if (this.members.has(member)) return false;
    this.members.set(member, true);
    this.bytes += MEMBER_BYTES + member.length;
    return true;
  }

  delete(member: string): boolean {
    if (!this.members.delete(member)) return false;
    this.bytes -= MEMBER_BYTES + member.length;
    return true;
  }

  has(member: string): boolean {
    return this.members.has(member);
  }

  copy(): SetValue {
    const copy = new SetValue();
    for (const member of this.members.keys()) copy.add(member);
    return copy;
  }
}
