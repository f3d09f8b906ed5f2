/**
 * Sizes as the configuration file writes them: `64KiB`, `16MiB`, `1GiB`, `512B`, or a plain number of bytes.
 * Used by the schema fields and by the reference page. Units are binary only; `MB` is refused rather than guessed.
 * The result is always a whole number of bytes.
 */
const SIZE = /^(\d{1,16}(?:\.\d{1,9})?)(?: ?(B|KiB|MiB|GiB))?$/;
const UNITS_BYTES: Readonly<Record<string, number>> = { GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, B: 1 };

/** What a message says was expected. */
export const SIZE_EXPECTED = 'a size such as 64KiB or 16MiB, or a number of bytes';

/** The form that editors check through the JSON Schema. Same language as parseSizeBytes accepts as text. */
export const SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)?( ?(B|KiB|MiB|GiB))?$';

/** Bytes, or null when `value` is not a size or not a whole number of bytes. */
export function parseSizeBytes(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  if (typeof value !== 'string') return null;
  const match = SIZE.exec(value);
  if (match === null) return null;
  const bytes = Number(match[1]) * (UNITS_BYTES[match[2] ?? 'B'] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest text that parseSizeBytes reads back as `bytes`: 65536 is `64KiB`, 1000 is `1000B`, 0 is `0`. */
export function formatSizeBytes(bytes: number): string {
  if (bytes === 0) return '0';
  for (const [unit, size] of Object.entries(UNITS_BYTES)) {
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
