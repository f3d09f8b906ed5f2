/** The connection's own commands: PING, ECHO, QUIT, RESET, SELECT, AUTH, HELLO, TIME. All session state is the proxy's. */
import { errorReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { arrayReply, bulkReply, integerReply, mapReply } from '../../protocol/resp/value.js';
import { REDIS_VERSION } from '../../version.js';
import { Outcome, type RespRequest } from '../request.js';
import type { Shape } from '../shape.js';
import { nameProblem } from './client-name.js';

const OK = Buffer.from('+OK\r\n');
const PONG = Buffer.from('+PONG\r\n');
const RESET = Buffer.from('+RESET\r\n');
const NO_PASSWORD = errorReply(
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
);
const HELLO_NO_AUTH = errorReply(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);
const WRONG_PASS = errorReply('WRONGPASS invalid username-password pair or user is disabled.');
const BAD_DB = errorReply('ERR DB index is out of range');
const NOT_INTEGER = errorReply('ERR value is not an integer or out of range');
const NOT_INT32 = errorReply('ERR value is out of range, value must between -2147483648 and 2147483647');
const BAD_PROTOCOL = errorReply('NOPROTO unsupported protocol version');
const BAD_VERSION = errorReply('ERR Protocol version is not an integer or out of range');
/** Integers as Redis reads them: no plus, no leading zero, 64 bits. */
function isInteger(text: string): boolean {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

const ping: Shape = (session, request) => {
  if (request.argc > 2) return session.replyError(errorReply("ERR wrong number of arguments for 'ping' command"));
  if (request.argc === 1) return session.replyBytes(PONG);
  return session.replyArgument(request, 1);
};

const echo: Shape = (session, request) => session.replyArgument(request, 1);

const quit: Shape = (session) => {
  session.replyBytes(OK);
  session.endAfterReplies();
  return Outcome.done;
};

const reset: Shape = (session) => {
  const { database } = session.service;
  const movesLane = session.db !== database || session.respVersion !== 2 || !session.sharesLanes;
  if (movesLane && session.waitsForReplies()) return Outcome.stalled;
  session.endModes();
  session.name = '';
  session.replyMode = 'on';
  session.isNoEvict = false;
  session.isNoTouch = false;
  session.logOut();
  if (movesLane) session.switchLane(database, 2);
  return session.replyBytes(RESET);
};

const select: Shape = (session, request) => {
  const text = request.text(1);
  if (!isInteger(text)) return session.replyError(NOT_INTEGER);
  const db = Number(text);
  if (db < -(2 ** 31) || db >= 2 ** 31) return session.replyError(NOT_INT32);
  if (db < 0 || db >= session.service.pool.config.databases) return session.replyError(BAD_DB);
  if (db !== session.db) {
    if (session.waitsForReplies()) return Outcome.stalled;
    session.switchLane(db, session.respVersion);
  }
  return session.replyBytes(OK);
};

/** A wrong guess leaves a session as it was, logged in or not, as in Redis. */
const auth: Shape = (session, request) => {
  if (request.argc > 3) return session.replyError(errorReply('ERR syntax error'));
  if (request.argc === 2 && session.service.password === null) return session.replyError(NO_PASSWORD);
  const isDefaultUser = request.argc === 2 || request.text(1) === 'default';
  if (!isDefaultUser || !session.logIn(bytesOf(request, request.argc - 1))) return session.replyError(WRONG_PASS);
  return session.replyBytes(OK);
};

/** An argument as a view, valid during the call. */
function bytesOf(request: RespRequest, index: number): Buffer {
  return request.bytes.subarray(request.args[index * 2], request.args[index * 2 + 1]);
}

const hello: Shape = (session, request) => {
  let version: number = session.respVersion;
  let name: string | undefined;
  let guess: Buffer | undefined;
  if (request.argc > 1) {
    if (!isInteger(request.text(1))) return session.replyError(BAD_VERSION);
    version = Number(request.text(1));
    if (version !== 2 && version !== 3) return session.replyError(BAD_PROTOCOL);
  }
  for (let i = 2; i < request.argc; i++) {
    const left = request.argc - i - 1;
    const option = request.word(i);
    if (option === 'AUTH' && left >= 2) {
      if (request.text(i + 1) !== 'default') return session.replyError(WRONG_PASS);
      guess = bytesOf(request, i + 2);
      i += 2;
    } else if (option === 'SETNAME' && left >= 1) {
      name = request.text(++i);
      const problem = nameProblem(name);
      if (problem !== undefined) return session.replyError(problem);
    } else {
      return session.replyError(errorReply(`ERR Syntax error in HELLO option '${request.text(i)}'`));
    }
  }
  if (version !== session.respVersion && session.waitsForReplies()) return Outcome.stalled;
  if (guess !== undefined && !session.logIn(guess)) return session.replyError(WRONG_PASS);
  if (!session.isLoggedIn) return session.replyError(HELLO_NO_AUTH);
  if (name !== undefined) session.name = name;
  if (version !== session.respVersion) session.switchLane(session.db, version === 3 ? 3 : 2);
  return session.replyValue(greeting(session));
};

/** What redis-server says of itself, for clients that decide by it what they may send. */
function greeting(session: RespSession) {
  return mapReply([
    ['server', bulkReply('redis')],
    ['version', bulkReply(REDIS_VERSION)],
    ['proto', integerReply(session.respVersion)],
    ['id', integerReply(session.id)],
    ['mode', bulkReply('standalone')],
    ['role', bulkReply('master')],
    ['modules', arrayReply([])],
  ]);
}

const time: Shape = (session) => {
  const micros = session.service.peers.wallClockMicros();
  return session.replyValue(
    arrayReply([bulkReply(String(Math.floor(micros / 1e6))), bulkReply(String(Math.floor(micros % 1e6)))]),
  );
};

export const connectionCommands: Readonly<Record<string, Shape>> = {
  ping,
  echo,
  quit,
  reset,
  select,
  auth,
  hello,
  time,
};

export const okBytes = OK;
