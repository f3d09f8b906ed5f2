/**
 * Splits an inline request into arguments as redis-server does (sds.c, sdssplitargs): blanks separate, double quotes
 * know the escapes \n \r \t \b \a \\ \" \xHH, single quotes only \'. A closing quote must be followed by a blank or the
 * end. Not on the hot path: people and health checks type these.
 */

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/** The arguments as byte strings (one character per byte), or undefined when quotes are not balanced. */
export function splitInline(line: string): string[] | undefined {
  const args: string[] = [];
  const text = line.includes('\0') ? line.slice(0, line.indexOf('\0')) : line;
  let i = 0;
  for (;;) {
    while (i < text.length && isBlank(text[i]!)) i++;
    if (i >= text.length) return args;
    const found = readArgument(text, i);
    if (found === undefined) return undefined;
    args.push(found.text);
    i = found.after;
  }
}

/** One argument. Behind plain characters only " ", \t, \r and \n end it; \v and \f belong to it, though they are blanks. */
function readArgument(text: string, from: number): { text: string; after: number } | undefined {
  let out = '';
  let i = from;
  while (i < text.length && !' \t\r\n'.includes(text[i]!)) {
    const c = text[i]!;
    i++;
    if (c !== '"' && c !== "'") {
      out += c;
      continue;
    }
    const quoted = readQuoted(text, i, c);
    if (quoted === undefined || (quoted.after < text.length && !isBlank(text[quoted.after]!))) return undefined;
    return { text: out + quoted.text, after: quoted.after };
  }
  return { text: out, after: i };
}

function readQuoted(text: string, from: number, quote: string): { text: string; after: number } | undefined {
  let out = '';
  let i = from;
  while (i < text.length) {
    const c = text[i]!;
    const next = text[i + 1];
    if (c === quote) return { text: out, after: i + 1 };
    if (c === '\\' && quote === '"' && next === 'x' && /^[0-9a-fA-F]{2}$/.test(text.slice(i + 2, i + 4))) {
      out += String.fromCharCode(parseInt(text.slice(i + 2, i + 4), 16));
      i += 4;
    } else if (c === '\\' && next !== undefined && (quote === '"' || next === "'")) {
      out += quote === '"' ? (escapes[next] ?? next) : next;
      i += 2;
    } else {
      out += c;
      i++;
    }
  }
  return undefined;
}

function isBlank(c: string): boolean {
  return c === ' ' || (c >= '\t' && c <= '\r');
}

/**
 * The RESP frame of an inline line `buf[start, end)` (with its line end). Undefined: quotes are not balanced. An empty
 * line gives an empty buffer: there is nothing to do.
 */
export function inlineToFrame(buf: Buffer, start: number, end: number): Buffer | undefined {
  let stop = end - 1;
  if (stop > start && buf[stop - 1] === 13) stop--;
  const args = splitInline(buf.toString('latin1', start, stop));
  if (args === undefined) return undefined;
  if (args.length === 0) return Buffer.alloc(0);
  return encodeRequest(args.map((arg) => Buffer.from(arg, 'latin1')));
}

/** One request as an array of bulk strings. For handshakes, probes and repair of odd frames, not for the hot path. */
export function encodeRequest(args: readonly (Buffer | string)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg) : arg;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
