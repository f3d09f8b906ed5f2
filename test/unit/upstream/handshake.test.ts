import { describe, expect, it } from 'vitest';
import { noHandshake, respHandshake } from '../../../src/upstream/handshake.js';

type Auth = Parameters<typeof respHandshake>[0];
const steps = (...args: Parameters<typeof respHandshake>): [string, string, boolean][] =>
  respHandshake(...args).requests.map(({ name, bytes, isRequired }) => [name, bytes.toString('latin1'), isRequired]);

const NAME: [string, string, boolean] = [
  'CLIENT SETNAME',
  '*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$8\r\nringward\r\n',
  false,
];

describe('respHandshake', () => {
  it('only gives the connection a name when nothing else is asked for', () => {
    expect(steps(null, 0, 2)).toEqual([NAME]);
  });

  it('says who it is before it asks for anything else', () => {
    const auth: Auth = { username: 'app', password: 'secret' };
    expect(steps(auth, 3, 3)).toEqual([
      ['AUTH', '*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$6\r\nsecret\r\n', true],
      ['HELLO 3', '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n', true],
      ['SELECT 3', '*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n', true],
      NAME,
    ]);
  });

  it('leaves the user name out for a node that knows only a password', () => {
    const auth: Auth = { username: null, password: 'pässword' };
    expect(steps(auth, 0, 2)[0]).toEqual(['AUTH', '*2\r\n$4\r\nAUTH\r\n$9\r\np\xc3\xa4ssword\r\n', true]);
  });

  it('names no secret in the names of its steps', () => {
    const names = steps({ username: 'app', password: 'secret' }, 15, 3).map(([name]) => name);
    expect(names.join(' ')).not.toMatch(/secret|app/);
  });
});

describe('noHandshake', () => {
  it('says nothing', () => {
    expect(noHandshake.requests).toEqual([]);
  });
});
