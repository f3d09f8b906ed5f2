/**
 * The slab class memcached would put an item in, with its default settings: chunks grow by 1.25 from 96 bytes, in steps of 8.
 * Only `me` shows it. The node itself has no slabs.
 */
const FIRST_CHUNK_BYTES = 96;
const GROWTH = 1.25;
const CHUNK_MAX_BYTES = 512 * 1024;

const CHUNKS: readonly number[] = chunkSizes();

function chunkSizes(): number[] {
  const sizes: number[] = [];
  let size = FIRST_CHUNK_BYTES;
  while (size <= CHUNK_MAX_BYTES / GROWTH) {
    sizes.push(size);
    size = Math.ceil((size * GROWTH) / 8 - 1e-9) * 8;
  }
  sizes.push(CHUNK_MAX_BYTES);
  return sizes;
}

/** Items past the largest chunk are split over several of it. */
export function slabClassOf(itemBytes: number): number {
  const place = CHUNKS.findIndex((chunk) => itemBytes <= chunk);
  return place < 0 ? CHUNKS.length : place + 1;
}
