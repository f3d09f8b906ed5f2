/**
 * Which arguments of a request are keys. Used by the router for every request, by ACL checks and by COMMAND GETKEYS.
 * Commands with keys at fixed places take the first branches of `extractKeys`; the others follow their published key
 * specs, and the few that specs cannot describe have a rule of their own below. Nothing is allocated, except when the
 * list has to grow. A spec that a malformed request contradicts gives INVALID_KEYS: any node refuses such a request with
 * its own syntax error, so it may be sent to one, but never split.
 * Reference: getKeysUsingKeySpecs, sortGetKeys, migrateGetKeys, setGetKeys, bitfieldGetKeys in redis-server's db.c.
 */
import { type Command, KeyShape, type KeySpec } from './command.js';
import { Flag, KeyFlag } from './flags.js';
import { isWord, parseCount, wordBytes } from './words.js';

/** The arguments do not fit the command's key specs: a bad number of keys, or fewer arguments than it names. */
export const INVALID_KEYS = -1;

/** Argument indexes of keys, in the order of the specs. One list is reused for all requests of a session. */
export class KeyList {
  /** Only the first `length` are meant; the array is replaced when it grows. */
  positions: Int32Array = new Int32Array(16);
  /** `KeyFlag` bits of each key; filled by `extractKeysWithAccess` and by the slow way of `extractKeys` only. */
  access: Int32Array = new Int32Array(16);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  push(position: number, access: number): void {
    if (this.length === this.positions.length) this.#grow();
    this.positions[this.length] = position;
    this.access[this.length++] = access;
  }

  #grow(): void {
    const positions = new Int32Array(2 * this.positions.length);
    const access = new Int32Array(2 * this.positions.length);
    positions.set(this.positions);
    access.set(this.access);
    this.positions = positions;
    this.access = access;
  }
}

/**
 * Puts the argument indexes of all keys of the request into `out` and returns how many there are, or INVALID_KEYS.
 * `offsets` holds start and end of each argument in `bytes`. The number of arguments must have been checked against the
 * command's arity. Shard channels are not keys; see `extractChannels`. No bound of its own: there are at most `argc` keys.
 */
export function extractKeys(
  command: Command,
  bytes: Uint8Array,
  offsets: Int32Array,
  argc: number,
  out: KeyList,
): number {
  out.length = 0;
  if (command.keyShape === KeyShape.single) {
    out.push(command.firstKey, 0);
    return 1;
  }
  if (command.keyShape === KeyShape.none) return 0;
  if (command.keyShape === KeyShape.specs) return extractKeysWithAccess(command, bytes, offsets, argc, out);
  const last = command.lastKey < 0 ? argc + command.lastKey : command.lastKey;
  if (last >= argc || last < command.firstKey) return INVALID_KEYS;
  for (let i = command.firstKey; i <= last; i += command.keyStep) out.push(i, 0);
  return out.length;
}

/** As `extractKeys`, always by the specs, so that `out.access` says what the command does with each key. */
export function extractKeysWithAccess(
  command: Command,
  bytes: Uint8Array,
  offsets: Int32Array,
  argc: number,
  out: KeyList,
): number {
  out.length = 0;
  const request = { bytes, offsets, argc };
  const special = specials.get(command.name);
  if (special !== undefined) return special(request, out);
  return addAllOf(command, request, out, false);
}

/** As `extractKeys`, for what is routed like a key and is not one: the shard channels of SPUBLISH and SSUBSCRIBE. */
export function extractChannels(
  command: Command,
  bytes: Uint8Array,
  offsets: Int32Array,
  argc: number,
  out: KeyList,
): number {
  out.length = 0;
  return addAllOf(command, { bytes, offsets, argc }, out, true);
}

/** What the specs of keys, or those of channels, find. */
function addAllOf(command: Command, request: Request, out: KeyList, isForChannels: boolean): number {
  for (const spec of command.keySpecs) {
    if (((spec.mask & KeyFlag.not_key) !== 0) !== isForChannels) continue;
    if (!addKeysOf(spec, command, request, out)) {
      out.length = 0;
      return INVALID_KEYS;
    }
  }
  return out.length;
}

interface Request {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly argc: number;
}

function isArgument(request: Request, i: number, word: Uint8Array): boolean {
  return isWord(request.bytes, request.offsets[2 * i]!, request.offsets[2 * i + 1]!, word);
}

/** Adds the keys that `spec` describes; false when the arguments contradict it. */
function addKeysOf(spec: KeySpec, command: Command, request: Request, out: KeyList): boolean {
  const { begin, find } = spec;
  if (begin.type === 'unknown' || find.type === 'unknown') return false;
  const { argc } = request;
  let first = begin.type === 'index' ? begin.position : afterKeyword(spec.keyword, begin.startFrom, request);
  if (first === 0) return true;
  let last: number;
  if (find.type === 'keynum') {
    const at = first + find.keyNumIndex;
    if (at >= argc) return false;
    const count = parseCount(request.bytes, request.offsets[2 * at]!, request.offsets[2 * at + 1]!);
    // A script may name no keys; a union of nothing is an error.
    if (count === 0) return (command.flags & Flag.no_mandatory_keys) !== 0;
    if (count < 0 || count > argc) return false;
    first += find.firstKey;
    last = first + (count - 1) * find.step;
  } else if (find.lastKey >= 0) {
    last = first + find.lastKey;
  } else {
    last = find.limit === 0 ? argc + find.lastKey : first + Math.trunc((argc - first) / find.limit) + find.lastKey;
  }
  // An optional list that is empty (PFMERGE with a destination alone); the arity has said that it may be.
  if (first === argc && begin.type === 'index' && find.type === 'range') return true;
  if (last >= argc || last < first) return false;
  for (let i = first; i <= last; i += find.step) out.push(i, spec.mask);
  return true;
}

/** The argument after `keyword`, or 0 when it does not appear. A keyword that is the last argument announces nothing. */
function afterKeyword(keyword: Uint8Array, startFrom: number, request: Request): number {
  const { argc } = request;
  if (startFrom >= 0) {
    for (let i = startFrom; i < argc - 1; i++) if (isArgument(request, i, keyword)) return i + 1;
  } else {
    for (let i = argc + startFrom; i > 0; i--) if (isArgument(request, i, keyword)) return i + 1;
  }
  return 0;
}

const word = {
  by: wordBytes('by'),
  get: wordBytes('get'),
  limit: wordBytes('limit'),
  store: wordBytes('store'),
  keys: wordBytes('keys'),
  auth: wordBytes('auth'),
  auth2: wordBytes('auth2'),
  set: wordBytes('set'),
  incrby: wordBytes('incrby'),
  overflow: wordBytes('overflow'),
};

const READS = KeyFlag.ro | KeyFlag.access;
const WRITES = KeyFlag.ow | KeyFlag.update;
const CHANGES = KeyFlag.rw | KeyFlag.access | KeyFlag.update;

/** SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] ... [STORE destination]; the last STORE counts. */
function sortKeys(request: Request, out: KeyList): number {
  out.push(1, READS);
  let destination = 0;
  for (let i = 2; i < request.argc; i++) {
    if (isArgument(request, i, word.limit)) i += 2;
    else if (isArgument(request, i, word.get) || isArgument(request, i, word.by)) i += 1;
    else if (i + 1 < request.argc && isArgument(request, i, word.store)) destination = i + 1;
  }
  if (destination > 0) out.push(destination, WRITES);
  return out.length;
}

/** MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key ...]. */
function migrateKeys(request: Request, out: KeyList): number {
  const access = KeyFlag.rw | KeyFlag.access | KeyFlag.delete;
  let i = 6;
  // As the last argument, KEYS announces nothing.
  for (; i < request.argc - 1; i++) {
    if (isArgument(request, i, word.keys)) break;
    if (isArgument(request, i, word.auth)) i += 1;
    else if (isArgument(request, i, word.auth2)) i += 2;
  }
  if (i >= request.argc - 1) {
    out.push(3, access);
    return 1;
  }
  // A key and KEYS together are a syntax error.
  if (request.offsets[6] !== request.offsets[7]) return INVALID_KEYS;
  for (i++; i < request.argc; i++) out.push(i, access);
  return out.length;
}

/** SET reads the old value only when asked to GET it. */
function setKeys(request: Request, out: KeyList): number {
  let access = WRITES;
  for (let i = 3; i < request.argc; i++) if (isArgument(request, i, word.get)) access = CHANGES;
  out.push(1, access);
  return 1;
}

/** BITFIELD only reads when all its operations are GET. */
function bitfieldKeys(request: Request, out: KeyList): number {
  let isReadOnly = true;
  for (let i = 2; i < request.argc && isReadOnly; i++) {
    const left = request.argc - i - 1;
    if (left >= 2 && isArgument(request, i, word.get)) i += 2;
    else if (left >= 1 && isArgument(request, i, word.overflow)) i += 1;
    else isReadOnly = false;
  }
  out.push(1, isReadOnly ? READS : CHANGES);
  return 1;
}

function sortReadOnlyKeys(_request: Request, out: KeyList): number {
  out.push(1, READS);
  return 1;
}

/** Commands whose specs are unknown, incomplete, or depend on the arguments. */
const specials: ReadonlyMap<string, (request: Request, out: KeyList) => number> = new Map([
  ['sort', sortKeys],
  ['sort_ro', sortReadOnlyKeys],
  ['migrate', migrateKeys],
  ['set', setKeys],
  ['bitfield', bitfieldKeys],
]);
