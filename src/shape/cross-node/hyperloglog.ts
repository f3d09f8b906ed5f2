/**
 * Redis's HyperLogLog values: reading both representations, uniting them, and the estimate that PFCOUNT gives.
 *
 *   "HYLL" | encoding | 3 unused | 8 cached count | registers         16 bytes before the registers
 *   dense    16384 registers of 6 bits, the first in the low bits of the first byte
 *   sparse   runs: 00nnnnnn           n+1 registers of 0
 *                  01nnnnnn nnnnnnnn  n+1 registers of 0
 *                  1vvvvvnn           n+1 registers of v+1
 *
 * Pure. The estimator is Ertl's (arXiv:1702.01284), as in redis-server since 5.0. Reference: hyperloglog.c.
 */
const REGISTERS = 16_384;
const REGISTER_BITS = 6;
const REGISTER_MAX = 63;
const HEADER_BYTES = 16;
const ENCODING_AT = 4;
const DENSE = 0;
const SPARSE = 1;
const DENSE_BYTES = HEADER_BYTES + (REGISTERS * REGISTER_BITS) / 8;
const MAGIC = 'HYLL';

/** Bits of a member's hash that do not choose its register; a register counts one more than their leading zeros. */
const HASH_BITS = 50;
/** 1 / (2 ln 2), to the digits that redis-server has. */
const ALPHA = 0.7213475204444817;
/** What redis-server on x86 answers when an estimate does not fit into 64 bits. No value that it made itself gets there. */
const OVERFLOW = -(2n ** 63n);

/** What is wrong with a value: it is something else, or its runs do not add up. */
export type Flaw = 'not-hyperloglog' | 'corrupted';

/** The union of HyperLogLogs: the largest value of each register. */
export class HyperLogLogUnion {
  readonly #registers = new Uint8Array(REGISTERS);

  /** Adds a value as the key holds it; undefined when it is sound. */
  add(value: Uint8Array): Flaw | undefined {
    if (value.length < HEADER_BYTES || !startsWithMagic(value)) return 'not-hyperloglog';
    const encoding = value[ENCODING_AT];
    if (encoding === SPARSE) return this.#addSparse(value) ? undefined : 'corrupted';
    if (encoding !== DENSE || value.length !== DENSE_BYTES) return 'not-hyperloglog';
    this.#addDense(value);
    return undefined;
  }

  /** How many distinct members went into the values, estimated. */
  estimate(): bigint {
    const histogram = new Uint32Array(REGISTER_MAX + 1);
    for (const register of this.#registers) histogram[register]!++;
    let z = REGISTERS * tau((REGISTERS - histogram[HASH_BITS + 1]!) / REGISTERS);
    for (let i = HASH_BITS; i >= 1; i--) z = (z + histogram[i]!) * 0.5;
    z += REGISTERS * sigma(histogram[0]! / REGISTERS);
    const estimate = Math.round((ALPHA * REGISTERS * REGISTERS) / z);
    return estimate < 2 ** 63 ? BigInt(estimate) : OVERFLOW;
  }

  #addDense(value: Uint8Array): void {
    for (let i = 0; i < REGISTERS; i++) {
      const bit = i * REGISTER_BITS;
      const at = HEADER_BYTES + (bit >> 3);
      const twoBytes = value[at]! | ((value[at + 1] ?? 0) << 8);
      this.#raise(i, (twoBytes >> (bit & 7)) & REGISTER_MAX);
    }
  }

  #addSparse(value: Uint8Array): boolean {
    let register = 0;
    let at = HEADER_BYTES;
    while (at < value.length) {
      const code = value[at]!;
      if ((code & 0x80) !== 0) {
        const length = (code & 3) + 1;
        if (register + length > REGISTERS) return false;
        for (let i = 0; i < length; i++) this.#raise(register + i, ((code >> 2) & 31) + 1);
        register += length;
        at += 1;
      } else if ((code & 0x40) !== 0) {
        // A run whose second byte is cut off reads the NUL that redis-server keeps behind every string.
        register += (((code & 63) << 8) | (value[at + 1] ?? 0)) + 1;
        at += 2;
      } else {
        register += code + 1;
        at += 1;
      }
    }
    return register === REGISTERS;
  }

  #raise(register: number, value: number): void {
    if (value > this.#registers[register]!) this.#registers[register] = value;
  }
}

function startsWithMagic(value: Uint8Array): boolean {
  for (let i = 0; i < MAGIC.length; i++) if (value[i] !== MAGIC.charCodeAt(i)) return false;
  return true;
}

/** The part of the registers that are still 0. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let x = share;
  let y = 1;
  let sum = x;
  for (let before = NaN; before !== sum;) {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  }
  return sum;
}

/** The part of the registers that are as high as they get. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let sum = 1 - x;
  for (let before = NaN; before !== sum;) {
    x = Math.sqrt(x);
    before = sum;
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
  }
  return sum / 3;
}
