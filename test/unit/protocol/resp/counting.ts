/** A view of some bytes that counts how often one is read: what a framer looks at, it pays for. */
export function counting(buf: Buffer): { readonly proxy: Uint8Array; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(new Uint8Array(buf), {
    get(target, name) {
      reads++;
      return Reflect.get(target, name) as unknown;
    },
  });
  return { proxy, reads: () => reads };
}
