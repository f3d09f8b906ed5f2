/**
 * MD5 (RFC 1321) over a byte range, four little-endian words out. Used for twemproxy's `md5` key hash (word 0) and for
 * the points of a ketama ring (all four words). Not for security.
 * Own code because node:crypto allocates a hash object and a digest per call: 0.7 microseconds against 0.18 here for a
 * key of 16 bytes (bench/micro-routing.mjs). No allocation: state and block are module scratch,
 * which is safe because the computation is synchronous and never re-entered.
 */
const shifts = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);
const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
const block = new Int32Array(16);
const state = new Int32Array(4);

function compress(): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  for (let i = 0; i < 64; i++) {
    const round = i >>> 4;
    let f: number;
    let word: number;
    if (round === 0) {
      f = (b & c) | (~b & d);
      word = i;
    } else if (round === 1) {
      f = (d & b) | (~d & c);
      word = (5 * i + 1) & 15;
    } else if (round === 2) {
      f = b ^ c ^ d;
      word = (3 * i + 5) & 15;
    } else {
      f = c ^ (b | ~d);
      word = (7 * i) & 15;
    }
    const sum = (a + f + sines[i]! + block[word]!) | 0;
    const shift = shifts[round * 4 + (i & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
}

/** The digest's four little-endian words, signed, in scratch that the next call overwrites. */
export function md5Words(bytes: Uint8Array, start: number, end: number): Int32Array {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  let i = start;
  for (; end - i >= 64; i += 64) {
    for (let w = 0, at = i; w < 16; w++, at += 4) {
      block[w] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    }
    compress();
  }
  const tail = end - i;
  block.fill(0);
  for (let t = 0; t < tail; t++) block[t >>> 2] = block[t >>> 2]! | (bytes[i + t]! << ((t & 3) << 3));
  block[tail >>> 2] = block[tail >>> 2]! | (0x80 << ((tail & 3) << 3));
  if (tail > 55) {
    compress();
    block.fill(0);
  }
  const length = end - start;
  block[14] = length << 3;
  block[15] = length >>> 29;
  compress();
  return state;
}

/** twemproxy's `md5` key hash: the first four digest bytes, little-endian. */
export function md5(bytes: Uint8Array, start: number, end: number): number {
  return md5Words(bytes, start, end)[0]!;
}
