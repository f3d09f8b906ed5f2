import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Password } from '../../../src/security/password.js';

describe('Password', () => {
  it('matches its own bytes and no others', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, guess) => {
        const password = new Password(text);
        expect(password.matches(Buffer.from(text))).toBe(true);
        expect(password.matches(Buffer.from(guess))).toBe(Buffer.from(text).equals(Buffer.from(guess)));
      }),
    );
  });

  it('does not show the text when it is printed', () => {
    expect(JSON.stringify(new Password('hush'))).not.toContain('hush');
  });
});
