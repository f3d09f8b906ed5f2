import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../src/io/buffer-pool.js';
import { MC_REPLY_LIMITS } from '../../../src/protocol/memcache/reply-framer.js';
import { ReplyFramer } from '../../../src/protocol/resp/reply-framer.js';
import { HandshakeReader, type Refusal } from '../../../src/upstream/handshake-reader.js';
import { mcHandshake, respHandshake } from '../../../src/upstream/handshake.js';
import { McReplyScanner } from '../../../src/upstream/mc-reply-scanner.js';

type Auth = Parameters<typeof respHandshake>[0];
const steps = (...args: Parameters<typeof respHandshake>): [string, string][] =>
  respHandshake(...args).requests.map(({ name, bytes }) => [name, bytes.toString('latin1')]);

const NAME: [string, string] = ['CLIENT SETNAME', '*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$8\r\nringward\r\n'];
const PING: [string, string] = ['PING', '*1\r\n$4\r\nPING\r\n'];

/** What the reader says after the last of `pieces`, each of which is one read. */
function answerTo(reader: HandshakeReader, ...pieces: readonly string[]): boolean | Refusal {
  let answer: boolean | Refusal = false;
  for (const piece of pieces) {
    expect(answer).toBe(false);
    answer = reader.read(Buffer.from(piece, 'latin1'), piece.length);
  }
  return answer;
}

const refused = (clause: string): Refusal => ({ kind: 'handshake', clause });

describe('respHandshake', () => {
  it('gives the connection a name and asks whether the node is ready, when nothing else is asked for', () => {
    expect(steps(null, 0, 2)).toEqual([NAME, PING]);
  });

  it('says who it is before it asks for anything else', () => {
    const auth: Auth = { username: 'app', password: 'secret' };
    expect(steps(auth, 3, 3)).toEqual([
      ['AUTH', '*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$6\r\nsecret\r\n'],
      ['HELLO 3', '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n'],
      ['SELECT 3', '*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n'],
      NAME,
      PING,
    ]);
  });

  it('leaves the user name out for a node that knows only a password', () => {
    const auth: Auth = { username: null, password: 'pässword' };
    expect(steps(auth, 0, 2)[0]).toEqual(['AUTH', '*2\r\n$4\r\nAUTH\r\n$9\r\np\xc3\xa4ssword\r\n']);
  });

  it('names no secret in the names of its steps', () => {
    const names = steps({ username: 'app', password: 'secret' }, 15, 3).map(([name]) => name);
    expect(names.join(' ')).not.toMatch(/secret|app/);
  });
});

describe('a Redis node, in the handshake,', () => {
  const reader = (db = 0): HandshakeReader => {
    const newScanner = (): ReplyFramer => new ReplyFramer({ nestingMax: 8, lineBytesMax: 1024 });
    return new HandshakeReader(respHandshake(null, db, 2), newScanner, new BufferPool(1));
  };

  it.each([
    ['PONG', '+PONG'],
    ['that it does not know PING', "-ERR unknown command 'PING'"],
    ['that the user may not say PING', '-NOPERM this user has no permissions to run the ping command'],
    ['that a script runs, which somebody may want to end', '-BUSY Redis is busy running a script'],
    ['that it takes no writes for want of a snapshot', '-MISCONF Redis is configured to save RDB snapshots'],
  ])('is ready when it answers %s', (_title, line) => {
    expect(answerTo(reader(), '+OK\r\n', `${line}\r\n`)).toBe(true);
  });

  it.each([
    ['-LOADING Redis is loading the dataset in memory', 'is not ready: LOADING Redis is loading the dataset in memory'],
    ['-MASTERDOWN Link with MASTER is down', 'is not ready: MASTERDOWN Link with MASTER is down'],
    ['+PONGO', 'is not ready: +PONGO'],
    [':1', 'is not ready: :1'],
    ['-NOAUTH Authentication required.', 'asks for a password, and the configuration has none'],
    ['HTTP/1.1 400 Bad Request', 'refused PING: HTTP/1.1 400 Bad Request'],
  ])('is not when it answers PING with %s', (line, clause) => {
    expect(answerTo(reader(), `+OK\r\n${line}\r\n`)).toEqual(refused(clause));
  });

  it('may refuse to name the connection, but for want of room or of a password', () => {
    expect(answerTo(reader(), '-ERR unknown subcommand\r\n+PO', 'NG\r\n')).toBe(true);
    expect(answerTo(reader(), '-ERR max number of clients reached\r\n')).toEqual(
      refused('refused CLIENT SETNAME: ERR max number of clients reached'),
    );
    expect(answerTo(reader(), '-NOAUTH Authentication required.\r\n')).toEqual(
      refused('asks for a password, and the configuration has none'),
    );
  });

  it('may not refuse a database', () => {
    expect(answerTo(reader(9), '-ERR DB index is out of range\r\n+OK\r\n+PONG\r\n')).toEqual(
      refused('refused SELECT 9: ERR DB index is out of range'),
    );
  });

  it('may say nothing behind its answers', () => {
    expect(answerTo(reader(), '+OK\r\n+PONG\r\n+x\r\n')).toEqual({
      kind: 'protocol',
      clause: 'sent 4 bytes that nobody asked for',
    });
  });

  it('is awaited under the name of the step that it has not answered', () => {
    const one = reader();
    expect(one.awaited).toBe('CLIENT SETNAME');
    expect(answerTo(one, '+OK\r\n')).toBe(false);
    expect(one.awaited).toBe('PING');
  });
});

describe('a memcached node, in the handshake,', () => {
  const reader = (): HandshakeReader =>
    new HandshakeReader(mcHandshake, () => new McReplyScanner(MC_REPLY_LIMITS), new BufferPool(1));

  it('is asked for its version', () => {
    expect(mcHandshake.requests.map(({ bytes }) => bytes.toString('latin1'))).toEqual(['version\r\n']);
  });

  it('is ready when it tells it, in however many pieces', () => {
    expect(answerTo(reader(), 'VERSION 1.6.18\r\n')).toBe(true);
    expect(answerTo(reader(), 'VERS', 'ION 1.6.18\r', '\n')).toBe(true);
  });

  it.each([
    ['ERROR Too many open connections', 'is not ready: ERROR Too many open connections'],
    ['SERVER_ERROR out of memory', 'is not ready: SERVER_ERROR out of memory'],
    ['STORED', 'refused version: STORED'],
    ['-ERR unknown command', 'refused version: -ERR unknown command'],
  ])('is not when it says %s', (line, clause) => {
    expect(answerTo(reader(), `${line}\r\n`)).toEqual(refused(clause));
  });
});
