/**
 * Generated memcached requests and replies for the property and differential tests. Bytes are latin1 strings here, so that
 * a failing example can be read. Valid requests come with what a framer must find in them.
 */
import fc from 'fast-check';

export interface ValidRequest {
  readonly text: string;
  readonly command: string;
  readonly keys: readonly string[];
  readonly value: string | null;
  readonly noreply: boolean;
  readonly quiet: boolean;
}

const KEY_CHARS = [
  ...['a', 'b', 'X', '0', '9', '_', ':', '-', '{', '}'],
  ...['\t', '\r', '\x01', '\x7f', '\xe9', '\xff'],
];

export const keyArb = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'foo', 'n', 'user:{7}') },
  {
    weight: 3,
    // A key that ends in CR would lose it to the line end when it comes last.
    arbitrary: fc
      .array(fc.constantFrom(...KEY_CHARS), { minLength: 1, maxLength: 30 })
      .map((chars) => chars.join('').replace(/\r+$/, '') + 'k'),
  },
  { weight: 1, arbitrary: fc.constant('k'.repeat(250)) },
);

const endArb = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n');
const gapArb = fc.constantFrom(' ', ' ', ' ', '  ');
const leadArb = fc.constantFrom('', '', '', ' ');
const valueArb = fc.oneof(
  fc.constantFrom('', '1', '17', 'END\r\n', '\r\n', 'get a\r\n', 'mn\r\n'),
  fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '\0', ' ', '\xff'), maxLength: 40 }),
);
const exptimeArb = fc.constantFrom('0', '-1', '100', '2592001', '+5', '-0');
const noreplyArb = fc.boolean();

function request(parts: Omit<ValidRequest, 'text'>, words: readonly string[], gap: string, tail: string): ValidRequest {
  return { ...parts, text: words.filter((word) => word !== '').join(gap) + tail };
}

const retrievalArb = fc
  .tuple(
    fc.constantFrom('get', 'gets', 'gat', 'gats'),
    fc.array(keyArb, { minLength: 1, maxLength: 6 }),
    gapArb,
    leadArb,
    endArb,
  )
  .chain(([command, keys, gap, lead, end]) =>
    exptimeArb.map((exptime) =>
      request(
        { command, keys, value: null, noreply: false, quiet: false },
        [lead + command, command.startsWith('ga') ? exptime : '', ...keys],
        gap,
        end,
      ),
    ),
  );

const storageArb = fc
  .tuple(
    fc.constantFrom('set', 'add', 'replace', 'append', 'prepend', 'cas'),
    keyArb,
    fc.constantFrom('0', '1', '4294967295', '+7'),
    exptimeArb,
    valueArb,
    noreplyArb,
    gapArb,
    endArb,
  )
  .map(([command, key, flags, exptime, value, noreply, gap, end]) =>
    request(
      { command, keys: [key], value, noreply, quiet: false },
      [command, key, flags, exptime, String(value.length), command === 'cas' ? '12' : '', noreply ? 'noreply' : ''],
      gap,
      `${end}${value}\r\n`,
    ),
  );

const keyedArb = fc
  .tuple(
    fc.constantFrom(['incr', '1'], ['decr', '18446744073709551615'], ['touch', '-1'], ['delete', ''], ['delete', '0']),
    keyArb,
    noreplyArb,
    gapArb,
    endArb,
  )
  .map(([[command, argument], key, noreply, gap, end]) =>
    request(
      { command: command, keys: [key], value: null, noreply, quiet: false },
      [command, key, argument, noreply ? 'noreply' : ''],
      gap,
      end,
    ),
  );

const BASE64_KEYS = ['foo', 'bar', 'a', '\x00\x01\xff', 'x y', 'n'] as const;
const metaFlagsArb = fc.uniqueArray(
  fc.constantFrom(
    'c',
    'f',
    'h',
    'k',
    'l',
    'Oabc',
    'O',
    'q',
    's',
    't',
    'u',
    'v',
    'T60',
    'T-1',
    'Pp',
    'Lx/y',
    'N30',
    'F3',
    'R20',
  ),
  { maxLength: 8, selector: (flag) => flag[0] },
);

const metaArb = fc
  .tuple(
    fc.constantFrom('mg', 'ms', 'md', 'ma', 'me'),
    fc.oneof(
      keyArb.map((key) => ({ sent: key, key, flag: '' })),
      fc
        .constantFrom(...BASE64_KEYS)
        .map((key) => ({ sent: Buffer.from(key, 'latin1').toString('base64'), key, flag: 'b' })),
    ),
    metaFlagsArb,
    valueArb,
    gapArb,
    endArb,
  )
  .map(([command, { sent, key, flag }, flags, value, gap, end]) =>
    request(
      {
        command,
        keys: [key],
        value: command === 'ms' ? value : null,
        noreply: false,
        quiet: command !== 'me' && flags.includes('q'),
      },
      [command, sent, command === 'ms' ? String(value.length) : '', flag, ...flags],
      gap,
      command === 'ms' ? `${end}${value}\r\n` : end,
    ),
  );

const plainArb = fc
  .tuple(fc.constantFrom('mn', 'version', 'flush_all', 'verbosity 0', 'stats'), endArb)
  .map(([line, end]): ValidRequest => ({
    text: line + end,
    command: line.split(' ')[0]!,
    keys: [],
    value: null,
    noreply: false,
    quiet: false,
  }));

export const validRequestArb: fc.Arbitrary<ValidRequest> = fc.oneof(
  { weight: 3, arbitrary: retrievalArb },
  { weight: 4, arbitrary: storageArb },
  { weight: 3, arbitrary: keyedArb },
  { weight: 4, arbitrary: metaArb },
  { weight: 1, arbitrary: plainArb },
);

const WRONG_WORDS = [
  ...[
    '',
    '-1',
    '-2147483648',
    '1x',
    'x',
    '3\t',
    '3\tx',
    '\t3',
    '+',
    '-',
    '0x10',
    '18446744073709551615',
    '18446744073709551616',
  ],
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '2147483646',
    '2147483645',
    '2147483648',
    '5',
    '0',
    'noreply',
    'NOREPLY',
  ],
  ...[
    'k'.repeat(251),
    '\0',
    'a\0b',
    '\r',
    'Zm9',
    'Zm9v',
    '!!!!',
    'b',
    'q',
    'v',
    'GET',
    'gett',
    'HTTP/1.1',
    'HTTP',
    'mx',
  ],
];

/** A request line with words replaced, removed, added or swapped, then perhaps some data; most of them are refused. */
export const brokenRequestArb: fc.Arbitrary<string> = fc
  .tuple(
    validRequestArb,
    fc.array(
      fc.record({
        at: fc.nat(7),
        how: fc.constantFrom('replace', 'remove', 'insert'),
        word: fc.constantFrom(...WRONG_WORDS),
      }),
      { maxLength: 2 },
    ),
    fc.constantFrom('', '', 'x', '\r\n', 'junk\r\n'),
  )
  .map(([{ text }, edits, extra]) => {
    const lineEnd = text.indexOf('\n');
    const cut = text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd;
    const words = text.slice(0, cut).split(' ');
    for (const { at, how, word } of edits) {
      if (how === 'insert') words.splice(at, 0, word);
      else if (at < words.length) words.splice(at, 1, ...(how === 'replace' ? [word] : []));
    }
    return words.join(' ') + text.slice(cut) + extra;
  });

/** Lines that look like nothing in particular. */
export const garbageArb: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      'get',
      'set',
      'mg',
      'ms',
      'VALUE',
      'VA',
      'END',
      'a',
      '0',
      '3',
      ' ',
      ' ',
      ' ',
      '\r\n',
      '\n',
      '\r',
      '\0',
    ),
    fc.nat(255).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 120,
});
