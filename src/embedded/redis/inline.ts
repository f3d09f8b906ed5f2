/**
 * Splits an inline command (what a person types into telnet) into words: blanks separate, "double quotes" know \n \r \t \b \a
 * and \xHH, 'single quotes' know only \'. A closing quote must be followed by a blank or the end. Follows sdssplitargs in Redis.
 */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
const BLANK = /[ \t\n\v\f\r\0]/;

/** Undefined when the quotes do not balance. */
export function splitInline(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && BLANK.test(line[at]!)) at += 1;
    if (at >= line.length) return words;
    let word = '';
    while (at < line.length && !BLANK.test(line[at]!)) {
      const quote = line[at]!;
      if (quote !== '"' && quote !== "'") {
        word += quote;
        at += 1;
        continue;
      }
      const quoted = quote === '"' ? doubleQuoted(line, at + 1) : singleQuoted(line, at + 1);
      if (quoted === undefined) return undefined;
      word += quoted.text;
      at = quoted.end;
      if (at < line.length && !BLANK.test(line[at]!)) return undefined;
    }
    words.push(word);
  }
}

interface Quoted {
  readonly text: string;
  /** The position after the closing quote. */
  readonly end: number;
}

function doubleQuoted(line: string, from: number): Quoted | undefined {
  let text = '';
  let at = from;
  while (at < line.length) {
    const character = line[at]!;
    if (character === '"') return { text, end: at + 1 };
    const hex = /^\\x[0-9a-fA-F]{2}/.exec(line.slice(at, at + 4));
    if (hex) {
      text += String.fromCharCode(parseInt(line.slice(at + 2, at + 4), 16));
      at += 4;
    } else if (character === '\\' && at + 1 < line.length) {
      text += ESCAPES[line[at + 1]!] ?? line[at + 1]!;
      at += 2;
    } else {
      text += character;
      at += 1;
    }
  }
  return undefined;
}

function singleQuoted(line: string, from: number): Quoted | undefined {
  let text = '';
  let at = from;
  while (at < line.length) {
    if (line[at] === "'") return { text, end: at + 1 };
    if (line.startsWith("\\'", at)) at += 1;
    text += line[at]!;
    at += 1;
  }
  return undefined;
}
