// Ways to copy a few bytes from one buffer to another, nanoseconds a copy: why src/io/copy.ts copies as it does.
// node bench/micro-copy.mjs   (needs no build)
const BYTES = 65_536;
const source = Buffer.alloc(BYTES, 7);
const target = Buffer.allocUnsafeSlow(BYTES);
const from = new DataView(source.buffer, source.byteOffset, BYTES);
const to = new DataView(target.buffer, target.byteOffset, BYTES);

const ways = {
  'byte loop'(start, end, at) {
    for (let i = start; i < end; i++) target[at++] = source[i];
  },
  'Buffer.copy'(start, end, at) {
    source.copy(target, at, start, end);
  },
  'set(view)'(start, end, at) {
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), at);
  },
  'four bytes'(start, end, at) {
    const last = end - 4;
    let j = at;
    for (let i = start; i < last; i += 4, j += 4) to.setInt32(j, from.getInt32(i, true), true);
    to.setInt32(at + end - start - 4, from.getInt32(last, true), true);
  },
};

/** The best of five rounds: what else runs on the machine only ever adds. */
function nanosecondsOf(copy, length) {
  const rounds = 200_000;
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    let start = 0;
    const began = performance.now();
    for (let i = 0; i < rounds; i++) {
      copy(start, start + length, start + 1);
      start = (start + 37) & 32_767;
    }
    if (round > 0) best = Math.min(best, ((performance.now() - began) / rounds) * 1e6);
  }
  return best;
}

console.log(['bytes', ...Object.keys(ways)].map((title) => title.padStart(12)).join(''));
for (const length of [8, 16, 32, 48, 71, 107, 256, 512, 4096]) {
  const cells = Object.values(ways).map((copy) => nanosecondsOf(copy, length).toFixed(0));
  console.log([String(length), ...cells].map((cell) => cell.padStart(12)).join(''));
}
