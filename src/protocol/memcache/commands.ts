/**
 * The memcached command table: data that the request framer, the router, the reply framer and the docs read.
 * Names are case-sensitive, as in memcached. Look-up works on bytes and allocates nothing.
 * Argument counts include the command name and are those of memcached 1.6.18 (protocol.txt and experiment).
 */

/** Ids of the commands; 0 is no command. Also the index into MC_COMMANDS. */
export const Mc = {
  unknown: 0,
  get: 1,
  gets: 2,
  gat: 3,
  gats: 4,
  set: 5,
  add: 6,
  replace: 7,
  append: 8,
  prepend: 9,
  cas: 10,
  incr: 11,
  decr: 12,
  delete: 13,
  touch: 14,
  mg: 15,
  ms: 16,
  md: 17,
  ma: 18,
  me: 19,
  mn: 20,
  version: 21,
  flushAll: 22,
  stats: 23,
  verbosity: 24,
  quit: 25,
  shutdown: 26,
  cacheMemlimit: 27,
  lru: 28,
  lruCrawler: 29,
  slabs: 30,
  watch: 31,
  extstore: 32,
  refreshCerts: 33,
} as const;

export type McCommandId = (typeof Mc)[keyof typeof Mc];

/** How a command line is laid out, which decides what the framer checks. */
export type McForm = 'retrieval' | 'retrieval-touch' | 'storage' | 'arithmetic' | 'delete' | 'touch' | 'meta' | 'other';

/** Where a command goes: to the node of its key, to the nodes of its keys, to every node, nowhere, or it is refused. */
export type McRoute = 'key' | 'split' | 'every-node' | 'local' | 'refused';

/** What a backend may answer: the argument of McReplyFramer.next. `none` never goes to a backend. */
export const McReplyKind = {
  none: 0,
  store: 1,
  arithmetic: 2,
  delete: 3,
  touch: 4,
  values: 5,
  meta: 6,
  /** Nothing but `MN`. */
  fence: 7,
  /** A quiet meta request that the proxy followed with `mn`: at most one meta reply, then `MN`. */
  fencedMeta: 8,
  ok: 9,
  version: 10,
  stats: 11,
} as const;

export type McReplyKindId = (typeof McReplyKind)[keyof typeof McReplyKind];

export interface McCommand {
  readonly id: McCommandId;
  readonly name: string;
  readonly form: McForm;
  /** Fewest arguments, the name included; fewer is `ERROR`. */
  readonly argsMin: number;
  /** Most arguments, the name included; more is `ERROR`. 0: no limit. */
  readonly argsMax: number;
  readonly route: McRoute;
  readonly replyKind: McReplyKindId;
  /** Changes data, so that it is not retried after an unknown outcome. For mg it depends on flags: McRequestLine.isWrite. */
  readonly isWrite: boolean;
  /** Ends in an optional `noreply`. */
  readonly takesNoreply: boolean;
}

type Row = readonly [
  id: McCommandId,
  name: string,
  form: McForm,
  argsMin: number,
  argsMax: number,
  route: McRoute,
  reply: keyof typeof McReplyKind,
  marks: '' | 'w' | 'n' | 'wn',
];

/** Rows in the order of their ids. Marks: w changes data, n takes noreply. */
const ROWS: readonly Row[] = [
  [Mc.unknown, '', 'other', 1, 0, 'refused', 'none', ''],
  [Mc.get, 'get', 'retrieval', 2, 0, 'split', 'values', ''],
  [Mc.gets, 'gets', 'retrieval', 2, 0, 'split', 'values', ''],
  [Mc.gat, 'gat', 'retrieval-touch', 2, 0, 'split', 'values', 'w'],
  [Mc.gats, 'gats', 'retrieval-touch', 2, 0, 'split', 'values', 'w'],
  [Mc.set, 'set', 'storage', 5, 6, 'key', 'store', 'wn'],
  [Mc.add, 'add', 'storage', 5, 6, 'key', 'store', 'wn'],
  [Mc.replace, 'replace', 'storage', 5, 6, 'key', 'store', 'wn'],
  [Mc.append, 'append', 'storage', 5, 6, 'key', 'store', 'wn'],
  [Mc.prepend, 'prepend', 'storage', 5, 6, 'key', 'store', 'wn'],
  [Mc.cas, 'cas', 'storage', 6, 7, 'key', 'store', 'wn'],
  [Mc.incr, 'incr', 'arithmetic', 3, 4, 'key', 'arithmetic', 'wn'],
  [Mc.decr, 'decr', 'arithmetic', 3, 4, 'key', 'arithmetic', 'wn'],
  [Mc.delete, 'delete', 'delete', 2, 4, 'key', 'delete', 'wn'],
  [Mc.touch, 'touch', 'touch', 3, 4, 'key', 'touch', 'wn'],
  [Mc.mg, 'mg', 'meta', 2, 0, 'key', 'meta', ''],
  [Mc.ms, 'ms', 'meta', 2, 0, 'key', 'meta', 'w'],
  [Mc.md, 'md', 'meta', 2, 0, 'key', 'meta', 'w'],
  [Mc.ma, 'ma', 'meta', 2, 0, 'key', 'meta', 'w'],
  [Mc.me, 'me', 'meta', 1, 0, 'key', 'meta', ''],
  [Mc.mn, 'mn', 'other', 1, 0, 'local', 'fence', ''],
  [Mc.version, 'version', 'other', 1, 0, 'local', 'version', ''],
  [Mc.flushAll, 'flush_all', 'other', 1, 3, 'every-node', 'ok', 'wn'],
  [Mc.stats, 'stats', 'other', 1, 0, 'every-node', 'stats', ''],
  [Mc.verbosity, 'verbosity', 'other', 2, 3, 'every-node', 'ok', 'n'],
  [Mc.quit, 'quit', 'other', 1, 0, 'local', 'none', ''],
  [Mc.shutdown, 'shutdown', 'other', 1, 0, 'refused', 'none', ''],
  [Mc.cacheMemlimit, 'cache_memlimit', 'other', 2, 3, 'refused', 'none', 'n'],
  [Mc.lru, 'lru', 'other', 2, 0, 'refused', 'none', 'n'],
  [Mc.lruCrawler, 'lru_crawler', 'other', 1, 0, 'refused', 'none', ''],
  [Mc.slabs, 'slabs', 'other', 1, 0, 'refused', 'none', ''],
  [Mc.watch, 'watch', 'other', 1, 0, 'refused', 'none', 'n'],
  [Mc.extstore, 'extstore', 'other', 2, 0, 'refused', 'none', 'n'],
  [Mc.refreshCerts, 'refresh_certs', 'other', 1, 0, 'refused', 'none', 'n'],
];

/** The table, indexed by id. */
export const MC_COMMANDS: readonly McCommand[] = ROWS.map(
  ([id, name, form, argsMin, argsMax, route, reply, marks]): McCommand => ({
    id,
    name,
    form,
    argsMin,
    argsMax,
    route,
    replyKind: McReplyKind[reply],
    isWrite: marks.includes('w'),
    takesNoreply: marks.includes('n'),
  }),
);

const NAME_LENGTH_MAX = 16;

/** Commands by the length of their name: at most nine candidates, told apart by their first bytes. */
const BY_LENGTH: readonly (readonly { readonly id: McCommandId; readonly bytes: Uint8Array }[])[] = Array.from(
  { length: NAME_LENGTH_MAX + 1 },
  (_, length) =>
    MC_COMMANDS.filter((command) => command.id !== Mc.unknown && command.name.length === length).map(
      ({ id, name }) => ({ id, bytes: Uint8Array.from(name, (char) => char.charCodeAt(0)) }),
    ),
);

const LETTER_M = 109;

/** Finds a two-letter meta command by its second letter. */
function lookUpMeta(second: number): McCommandId {
  switch (second) {
    case 103:
      return Mc.mg;
    case 115:
      return Mc.ms;
    case 100:
      return Mc.md;
    case 97:
      return Mc.ma;
    case 101:
      return Mc.me;
    case 110:
      return Mc.mn;
    default:
      return Mc.unknown;
  }
}

/** The id of the command named buf[start, end), or Mc.unknown. */
export function lookUpCommand(buf: Uint8Array, start: number, end: number): McCommandId {
  const length = end - start;
  if (length > NAME_LENGTH_MAX) return Mc.unknown;
  if (length === 2) return buf[start] === LETTER_M ? lookUpMeta(buf[start + 1]!) : Mc.unknown;
  const candidates = BY_LENGTH[length]!;
  for (let c = 0; c < candidates.length; c++) {
    const { id, bytes } = candidates[c]!;
    let i = 0;
    while (i < length && buf[start + i] === bytes[i]) i++;
    if (i === length) return id;
  }
  return Mc.unknown;
}
