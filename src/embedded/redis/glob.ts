/**
 * Redis's glob patterns (KEYS, SCAN MATCH): `*`, `?`, `[a-c]`, `[^a]`, and a backslash that takes the next character
 * literally. Text and pattern are binary strings, one character a byte. Only the last star is retried on a mismatch, so the cost is
 * O(text × pattern) where Redis's recursive matcher can be exponential. An unclosed bracket ends with the pattern.
 */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p;
      p += 1;
      starText = t;
      continue;
    }
    if (p < pattern.length && matchesOne(pattern, p, text.charCodeAt(t))) {
      p = endOfToken(pattern, p);
      t += 1;
      continue;
    }
    if (starAt < 0) return false;
    p = starAt + 1;
    starText += 1;
    t = starText;
  }
  while (pattern[p] === '*') p += 1;
  return p >= pattern.length;
}

function endOfToken(pattern: string, at: number): number {
  if (pattern[at] === '\\' && at + 1 < pattern.length) return at + 2;
  if (pattern[at] !== '[') return at + 1;
  let p = at + 1;
  if (pattern[p] === '^') p += 1;
  while (p < pattern.length && pattern[p] !== ']') p += elementLength(pattern, p);
  return Math.min(p + 1, pattern.length);
}

/** Characters that one element of a bracket takes: `\x`, `a-z` or `a`. */
function elementLength(pattern: string, at: number): number {
  if (pattern[at] === '\\' && at + 1 < pattern.length) return 2;
  return pattern[at + 1] === '-' && at + 2 < pattern.length ? 3 : 1;
}

function matchesOne(pattern: string, at: number, code: number): boolean {
  const first = pattern[at];
  if (first === '?') return true;
  if (first === '[') return matchesBracket(pattern, at + 1, code);
  if (first === '\\' && at + 1 < pattern.length) return pattern.charCodeAt(at + 1) === code;
  return pattern.charCodeAt(at) === code;
}

function matchesBracket(pattern: string, at: number, code: number): boolean {
  let p = at;
  const negated = pattern[p] === '^';
  if (negated) p += 1;
  let found = false;
  while (p < pattern.length && pattern[p] !== ']') {
    const length = elementLength(pattern, p);
    if (length === 2) {
      found ||= pattern.charCodeAt(p + 1) === code;
    } else if (length === 3) {
      const a = pattern.charCodeAt(p);
      const b = pattern.charCodeAt(p + 2);
      found ||= code >= Math.min(a, b) && code <= Math.max(a, b);
    } else {
      found ||= pattern.charCodeAt(p) === code;
    }
    p += length;
  }
  return found !== negated;
}
