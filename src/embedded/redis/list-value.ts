/**
 * A Redis list: a ring buffer of strings. Pushing and popping at either end and reading by index are O(1);
 * inserting, removing inside and trimming rebuild the list, O(n).
 */
const ELEMENT_BYTES = 40;
const CAPACITY_MIN = 8;

export type ListEnd = 'left' | 'right';

export class ListValue {
  readonly type = 'list';
  bytes = 0;
  #slots: (string | undefined)[] = new Array<string | undefined>(CAPACITY_MIN);
  #head = 0;
  #size = 0;

  static of(elements: readonly string[]): ListValue {
    const list = new ListValue();
    for (const element of elements) list.push('right', element);
    return list;
  }

  get size(): number {
    return this.#size;
  }

  push(end: ListEnd, element: string): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    const mask = this.#slots.length - 1;
    if (end === 'left') {
      this.#head = (this.#head - 1) & mask;
      this.#slots[this.#head] = element;
    } else {
      this.#slots[(this.#head + this.#size) & mask] = element;
    }
    this.#size += 1;
    this.bytes += ELEMENT_BYTES + element.length;
  }

  pop(end: ListEnd): string | undefined {
    if (this.#size === 0) return undefined;
    const mask = this.#slots.length - 1;
    const place = end === 'left' ? this.#head : (this.#head + this.#size - 1) & mask;
    const element = this.#slots[place]!;
    this.#slots[place] = undefined;
    if (end === 'left') this.#head = (this.#head + 1) & mask;
    this.#size -= 1;
    this.bytes -= ELEMENT_BYTES + element.length;
    if (this.#slots.length > CAPACITY_MIN && this.#size * 4 < this.#slots.length) this.#resize(this.#slots.length / 2);
    return element;
  }

  /** `index` is not negative. */
  at(index: number): string | undefined {
    return index < this.#size ? this.#slots[(this.#head + index) & (this.#slots.length - 1)] : undefined;
  }

  /** `index` is within the list. */
  replace(index: number, element: string): void {
    const place = (this.#head + index) & (this.#slots.length - 1);
    this.bytes += element.length - this.#slots[place]!.length;
    this.#slots[place] = element;
  }

  toArray(): string[] {
    const elements: string[] = [];
    for (let index = 0; index < this.#size; index += 1) elements.push(this.at(index)!);
    return elements;
  }

  /** Replaces the whole content, for the O(n) commands. */
  assign(elements: readonly string[]): void {
    this.#slots = new Array<string | undefined>(CAPACITY_MIN);
    this.#head = 0;
    this.#size = 0;
    this.bytes = 0;
    for (const element of elements) this.push('right', element);
  }

  copy(): ListValue {
    return ListValue.of(this.toArray());
  }

  /** `capacity` is a power of two that holds the list. */
  #resize(capacity: number): void {
    const slots = new Array<string | undefined>(capacity);
    for (let index = 0; index < this.#size; index += 1) slots[index] = this.at(index);
    this.#slots = slots;
    this.#head = 0;
  }
}
