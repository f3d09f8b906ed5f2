/**
 * What CLIENT TRACKING is told, checked as redis-server checks it, with its texts and in its order. Pure.
 * Reference: clientCommand and checkPrefixCollisionsOrReply in redis-server 7.0. REDIRECT alone is refused: the proxy's
 * clients have no connection at a node that invalidations could be sent to.
 */
import type { RespRequest } from '../request.js';

export interface TrackingOptions {
  readonly isBroadcast: boolean;
  readonly choice: 'all' | 'optin' | 'optout';
  readonly isNoLoop: boolean;
  /** One character per byte, in the order of their bytes. Only with BCAST; the empty one is there if none was given. */
  readonly prefixes: readonly string[];
}

interface Words {
  isBroadcast: boolean;
  isOptIn: boolean;
  isOptOut: boolean;
  isNoLoop: boolean;
  readonly prefixes: string[];
}

const SYNTAX = 'ERR syntax error';
const NO_REDIRECT =
  'ERR ringward: CLIENT TRACKING with REDIRECT is not supported: say HELLO 3 and track without it, invalidations then come on the same connection';
const SWITCHES_BCAST =
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
const SWITCHES_OPT =
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";

/**
 * The options that count after `CLIENT TRACKING ...`, 'off', or the text of the error. `now`: those that count already,
 * undefined while the client does not track.
 */
export function trackingOptions(
  request: RespRequest,
  now: TrackingOptions | undefined,
): { readonly options: TrackingOptions | 'off' } | { readonly error: string } {
  const words = readWords(request);
  if (typeof words === 'string') return { error: words };
  const state = request.word(2);
  if (state === 'OFF') return { options: 'off' };
  if (state !== 'ON') return { error: SYNTAX };
  const error = conflict(words, now);
  if (error !== undefined) return { error };
  const added = words.isBroadcast && words.prefixes.length === 0 ? [''] : words.prefixes;
  return {
    options: {
      isBroadcast: words.isBroadcast,
      choice: words.isOptIn ? 'optin' : words.isOptOut ? 'optout' : 'all',
      isNoLoop: words.isNoLoop,
      prefixes: [...new Set([...(now?.prefixes ?? []), ...added])].sort(),
    },
  };
}

function readWords(request: RespRequest): Words | string {
  const words: Words = { isBroadcast: false, isOptIn: false, isOptOut: false, isNoLoop: false, prefixes: [] };
  for (let i = 3; i < request.argc; i++) {
    const hasMore = i + 1 < request.argc;
    switch (request.word(i)) {
      case 'REDIRECT':
        if (!hasMore) return SYNTAX;
        return /^(?:0|-?[1-9]\d{0,17})$/.test(request.text(i + 1))
          ? NO_REDIRECT
          : 'ERR value is not an integer or out of range';
      case 'BCAST':
        words.isBroadcast = true;
        break;
      case 'OPTIN':
        words.isOptIn = true;
        break;
      case 'OPTOUT':
        words.isOptOut = true;
        break;
      case 'NOLOOP':
        words.isNoLoop = true;
        break;
      case 'PREFIX':
        if (!hasMore) return SYNTAX;
        words.prefixes.push(request.text(++i));
        break;
      default:
        return SYNTAX;
    }
  }
  return words;
}

function conflict(words: Words, now: TrackingOptions | undefined): string | undefined {
  if (!words.isBroadcast && words.prefixes.length > 0) return 'ERR PREFIX option requires BCAST mode to be enabled';
  if (now !== undefined && now.isBroadcast !== words.isBroadcast) return SWITCHES_BCAST;
  if (words.isBroadcast && (words.isOptIn || words.isOptOut))
    return 'ERR OPTIN and OPTOUT are not compatible with BCAST';
  if (words.isOptIn && words.isOptOut) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if ((words.isOptIn && now?.choice === 'optout') || (words.isOptOut && now?.choice === 'optin')) return SWITCHES_OPT;
  return overlap(words.prefixes, now?.prefixes ?? []);
}

/** Of two prefixes that overlap a key would be told twice, so redis-server takes neither. */
function overlap(prefixes: readonly string[], existing: readonly string[]): string | undefined {
  const text = (one: string, which: string, other: string): string =>
    `ERR Prefix '${one}' overlaps with ${which} prefix '${other}'. Prefixes for a single client must not overlap.`;
  for (const [i, one] of prefixes.entries()) {
    const overlaps = (other: string): boolean => one.startsWith(other) || other.startsWith(one);
    const old = existing.find(overlaps);
    if (old !== undefined) return text(one, 'an existing', old);
    const later = prefixes.slice(i + 1).find(overlaps);
    if (later !== undefined) return text(one, 'another provided', later);
  }
  return undefined;
}

export function areSame(one: TrackingOptions, other: TrackingOptions): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The request that says the same to a node. */
export function trackingRequest(options: TrackingOptions): (Buffer | string)[] {
  const words: (Buffer | string)[] = ['CLIENT', 'TRACKING', 'ON'];
  if (options.isBroadcast) words.push('BCAST');
  if (options.choice !== 'all') words.push(options.choice.toUpperCase());
  if (options.isNoLoop) words.push('NOLOOP');
  // The empty prefix covers all others, and a node would call that an overlap.
  if (!options.prefixes.includes(''))
    for (const prefix of options.prefixes) words.push('PREFIX', Buffer.from(prefix, 'latin1'));
  return words;
}
