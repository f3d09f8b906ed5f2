/**
 * Numbers as nutcracker reads them: ASCII digits and nothing else, added up in a 32-bit int that overflows silently.
 * `99999999999` is 1215752191 to it, and `3000000000` is negative and so refused. The same text must mean the same here.
 */

/** What nutcracker's nc_atoi makes of the text, or null where it reports an error. */
export function readInt32(text: string): number | null {
  if (!/^[0-9]+$/.test(text)) return null;
  let value = 0;
  for (const digit of text) value = (Math.imul(value, 10) + Number(digit)) | 0;
  return value < 0 ? null : value;
}

/** Whether reading it lost digits, which an operator should know. */
export function overflowsInt32(text: string): boolean {
  return BigInt(text) > 0x7fffffffn;
}
