import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import { hashedPart, indexOfByte, parseHashTag } from '../../../src/routing/hash-tag.js';

const part = (tag: string, key: string): string => {
  const { open, close } = parseHashTag(tag);
  return hashedPart(Buffer.from(key), open, close).toString();
};

describe('hash tags', () => {
  it.each([
    ['user:{42}:name', '42'],
    ['{a}{b}', 'a'],
    ['{{x}}', '{x'],
    ['{}{a}', '{}{a}'],
    ['{}abc', '{}abc'],
    ['abc{', 'abc{'],
    ['}a{b', '}a{b'],
    ['}{b}', 'b'],
    ['plain', 'plain'],
    ['', ''],
  ])('with {}, %j hashes %j', (key, hashed) => {
    expect(part('{}', key)).toBe(hashed);
  });

  it.each([
    ['a$b$c', 'b'],
    ['$$a$', '$$a$'],
    ['$', '$'],
  ])('with $$, %j hashes %j', (key, hashed) => {
    expect(part('$$', key)).toBe(hashed);
  });

  it('looks for a byte inside its range only', () => {
    const bytes = Buffer.from('{ab}');
    expect(indexOfByte(bytes, 1, 3, 0x7d)).toBe(-1);
    expect(indexOfByte(bytes, 1, 4, 0x7d)).toBe(3);
  });

  it.each(['', '{', '{}}', 'é}'])('refuses %j, which is not two bytes', (option) => {
    expect(() => parseHashTag(option)).toThrow(ConfigError);
  });
});
