/** CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR. What they start is in tracking-mode.ts; texts are redis-server's. */
import { errorReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { arrayReply, bulkReply, integerReply, mapReply, okReply, setReply } from '../../protocol/resp/value.js';
import { Outcome } from '../request.js';
import type { Shape } from '../shape.js';
import { okBytes } from './connection.js';
import { areSame, trackingOptions, type TrackingOptions } from './tracking-options.js';
import { TrackingMode } from './tracking-mode.js';

const NOT_CACHING = errorReply(
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);
const YES_NEEDS_OPTIN = errorReply('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
const NO_NEEDS_OPTOUT = errorReply('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');

function modeOf(session: RespSession): TrackingMode | undefined {
  return session.mode('tracking', TrackingMode);
}

const tracking: Shape = (session, request) => {
  const mode = modeOf(session);
  const result = trackingOptions(request, mode?.options);
  if ('error' in result) return session.replyError(errorReply(result.error));
  const { options } = result;
  if (options === 'off') return mode === undefined ? session.replyBytes(okBytes) : stop(session, mode);
  if (mode === undefined) return start(session, options);
  if (areSame(mode.options, options)) return session.replyBytes(okBytes);
  if (session.waitsForReplies()) return Outcome.stalled;
  mode.options = options;
  // New connections say the new options to their nodes.
  session.switchLane(session.db, session.respVersion);
  return session.replyBytes(okBytes);
};

function start(session: RespSession, options: TrackingOptions): Outcome {
  const { pool } = session.service;
  const { trackingClientsMax, name } = pool.config;
  if (pool.trackingClients >= trackingClientsMax) {
    session.context.counters.trackingRefused++;
    const text = `${pool.trackingClients} clients track keys already, the limit is ${trackingClientsMax}`;
    return session.replyError(errorReply(`ERR ringward: ${text} (tracking_clients of pool ${name})`));
  }
  if (session.waitsForReplies()) return Outcome.stalled;
  const mode = new TrackingMode(session, options);
  return session.replyLater(mode.begin().then(() => okReply));
}

function stop(session: RespSession, mode: TrackingMode): Outcome {
  if (session.waitsForReplies()) return Outcome.stalled;
  session.leaveMode('tracking');
  mode.end(session);
  return session.replyBytes(okBytes);
}

const caching: Shape = (session, request) => {
  const mode = modeOf(session);
  if (mode === undefined) return session.replyError(NOT_CACHING);
  const word = request.word(2);
  const { choice } = mode.options;
  if (word !== 'YES' && word !== 'NO') return session.replyError(errorReply('ERR syntax error'));
  if (word === 'YES' && choice !== 'optin') return session.replyError(YES_NEEDS_OPTIN);
  if (word === 'NO' && choice !== 'optout') return session.replyError(NO_NEEDS_OPTOUT);
  mode.cachingIsGiven = true;
  return session.replyBytes(okBytes);
};

const trackingInfo: Shape = (session) => {
  const mode = modeOf(session);
  return session.replyValue(
    mapReply([
      ['flags', setReply(flagsOf(mode).map((flag) => bulkReply(flag)))],
      ['redirect', integerReply(mode === undefined ? -1 : 0)],
      [
        'prefixes',
        arrayReply((mode?.options.prefixes ?? []).map((prefix) => bulkReply(Buffer.from(prefix, 'latin1')))),
      ],
    ]),
  );
};

function flagsOf(mode: TrackingMode | undefined): string[] {
  if (mode === undefined) return ['off'];
  const { isBroadcast, choice, isNoLoop } = mode.options;
  const flags = ['on'];
  if (isBroadcast) flags.push('bcast');
  if (choice !== 'all') flags.push(choice);
  if (mode.cachingIsGiven && choice !== 'all') flags.push(choice === 'optin' ? 'caching-yes' : 'caching-no');
  if (isNoLoop) flags.push('noloop');
  return flags;
}

const getRedir: Shape = (session) => session.replyValue(integerReply(modeOf(session) === undefined ? -1 : 0));

export const trackingCommands: Readonly<Record<string, Shape>> = {
  'client|tracking': tracking,
  'client|caching': caching,
  'client|trackinginfo': trackingInfo,
  'client|getredir': getRedir,
};
