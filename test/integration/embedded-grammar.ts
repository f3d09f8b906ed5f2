/**
 * Random command lines from a small notation, one form a line, for the comparisons of embedded nodes and of the proxy with
 * real servers. `{X}` is a value of pool X, `a|b` a choice, `<...>` a group; `?` makes the word or group before it optional,
 * `*` repeats it 0 to 3 times, `+` 1 to 3 times.
 */
import fc from 'fast-check';

export type Pools = Readonly<Record<string, readonly string[]>>;
export type Words = readonly string[];

function valuesOf(pool: string, pools: Pools): readonly string[] {
  const values = pools[pool];
  if (values === undefined) throw new Error(`grammar: no pool ${pool}`);
  return values;
}

/** One atom with its repeat mark; `rest` is what follows it. */
function parseAtom(text: string, pools: Pools): { readonly atom: fc.Arbitrary<Words>; readonly rest: string } {
  let end: number;
  let inner: fc.Arbitrary<Words>;
  if (text.startsWith('<')) {
    let depth = 0;
    for (end = 0; end < text.length; end += 1) {
      if (text[end] === '<') depth += 1;
      if (text[end] === '>') depth -= 1;
      if (depth === 0) break;
    }
    inner = parseChoice(text.slice(1, end), pools);
    end += 1;
  } else {
    const word = /^(?:\{[A-Za-z]+\}|[^ ?*+<>]+)/.exec(text)?.[0];
    if (word === undefined) throw new Error(`grammar: ${text}`);
    end = word.length;
    const pool = /^\{([A-Za-z]+)\}$/.exec(word)?.[1];
    inner =
      pool === undefined ? fc.constant([word]) : fc.constantFrom(...valuesOf(pool, pools)).map((value) => [value]);
  }
  const repeats = { '?': [0, 1], '*': [0, 3], '+': [1, 3] }[text[end] ?? ''];
  if (!repeats) return { atom: inner, rest: text.slice(end) };
  const repeated = fc.array(inner, { minLength: repeats[0]!, maxLength: repeats[1]! });
  return { atom: repeated.map((lists) => lists.flat()), rest: text.slice(end + 1) };
}

/** The words of one form. */
export function lineOf(form: string, pools: Pools): fc.Arbitrary<Words> {
  const atoms: fc.Arbitrary<Words>[] = [];
  let rest = form.trimStart();
  while (rest !== '') {
    const parsed = parseAtom(rest, pools);
    atoms.push(parsed.atom);
    rest = parsed.rest.trimStart();
  }
  return fc.tuple(...atoms).map((lists) => lists.flat());
}

function parseChoice(text: string, pools: Pools): fc.Arbitrary<Words> {
  const choices: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at += 1) {
    if (text[at] === '<') depth += 1;
    if (text[at] === '>') depth -= 1;
    if (at === text.length || (text[at] === '|' && depth === 0)) {
      choices.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return fc.oneof(...choices.map((choice) => lineOf(choice, pools)));
}

/** The words of one line of any of the forms. */
export function linesOf(forms: string, pools: Pools): fc.Arbitrary<Words> {
  return fc.oneof(
    ...forms
      .trim()
      .split('\n')
      .map((form) => lineOf(form, pools)),
  );
}
