/** The connection's own commands: PING, ECHO, QUIT, RESET, SELECT, AUTH, HELLO, TIME. All session state is the proxy's. */
import { errorReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { arrayReply, bulkReply, integerReply, mapReply, simpleReply } from '../../protocol/resp/value.js';
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
const WRONG_PASS = errorReply('WRONGPASS invalid username-password pair or user is disabled.');
const BAD_DB = errorReply('ERR DB index is out of range');
const NOT_INTEGER = errorReply('ERR value is not an integer or out of range');
const NOT_INT32 = errorReply('ERR value is out of range, value must between -2147483648 and 2147483647');
const BAD_PROTOCOL = errorReply('NOPROTO unsupported protocol version');
const BAD_VERSION = errorReply('ERR Protocol version is not an integer or out of range');
/** Integers as Redis reads them: no plus, no leading zero. */
const INTEGER = /^(?:0|-?[1-9]\d{0,17})$/;

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
  if ((session.db !== 0 || session.respVersion !== 2) && session.waitsForReplies()) return Outcome.stalled;
  session.name = '';
  session.replyMode = 'on';
  session.isNoEvict = false;
  session.isNoTouch = false;
  if (session.db !== 0 || session.respVersion !== 2) session.switchLane(0, 2);
  return session.replyBytes(RESET);
};

const select: Shape = (session, request) => {
  const text = request.text(1);
  if (!INTEGER.test(text)) return session.replyError(NOT_INTEGER);
  const db = Number(text);
  if (db < -(2 ** 31) || db >= 2 ** 31) return session.replyError(NOT_INT32);
  if (db < 0 || db >= session.service.pool.config.databases) return session.replyError(BAD_DB);
  if (db !== session.db) {
    if (session.waitsForReplies()) return Outcome.stalled;
    session.switchLane(db, session.respVersion);
  }
  return session.replyBytes(OK);
};

/** No password is set at the proxy yet: Redis's own text for that, and for a user that cannot exist then. */
const auth: Shape = (session, request) => {
  if (request.argc > 3) return session.replyError(errorReply('ERR syntax error'));
  if (request.argc === 2) return session.replyError(NO_PASSWORD);
  return session.replyError(authFailure(request, 1) ?? OK);
};

/** The default user needs no password, so any is right; others do not exist. */
function authFailure(request: RespRequest, userAt: number): Buffer | undefined {
  return request.text(userAt) === 'default' ? undefined : WRONG_PASS;
}

const hello: Shape = (session, request) => {
  let version: number = session.respVersion;
  let name: string | undefined;
  if (request.argc > 1) {
    if (!INTEGER.test(request.text(1))) return session.replyError(BAD_VERSION);
    version = Number(request.text(1));
    if (version !== 2 && version !== 3) return session.replyError(BAD_PROTOCOL);
  }
  for (let i = 2; i < request.argc; i++) {
    const left = request.argc - i - 1;
    const option = request.word(i);
    if (option === 'AUTH' && left >= 2) {
      const failure = authFailure(request, i + 1);
      if (failure !== undefined) return session.replyError(failure);
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
export const okValue = simpleReply('OK');
