/**
 * What a schema cannot say: names that must be unique, references that must lead somewhere, fields that exclude each
 * other, and products that must stay bounded. Runs over raw data and looks at each listener, pool and node on its own, so
 * that one mistyped key does not hide a duplicate elsewhere; parts that the schema refuses are left to its own messages.
 */
import type { z } from 'zod';
import { defaultAlgorithm } from '../routing/partitioner.js';
import { formatBind } from './address.js';
import { listenerName, listenerSchema, type ListenerFields } from './listener.js';
import { nearest } from './nearest.js';
import { nodeSchema, resolveNode, type NodeConfig, type NodeFields } from './node.js';
import { checkPartitioning, partitioningSchema } from './partitioning.js';
import { ANY_NODE, DATABASES_DEFAULT, authSchema } from './pool.js';
import { valueAt, type Path, type Problem } from './problem.js';
import { DEFAULT_PORTS, PROTOCOLS, type Protocol } from './protocol.js';
import { showValue } from './show-value.js';
import { resolveAuth, resolvePassword, type SecretSources } from './secrets.js';

const FIELDS_OF_ONE_PROTOCOL: readonly (readonly [field: string, protocol: Protocol])[] = [
  ['databases', 'redis'],
  ['cross_node_reads', 'redis'],
  ['admin_commands', 'redis'],
  ['keyless_scripts', 'redis'],
  ['value_size', 'memcached'],
  ['on_partial_failure', 'memcached'],
];

/** Every problem between fields. `data` is the file as plain data, valid or not. */
export function checkReferences(data: unknown, sources: SecretSources): readonly Problem[] {
  const problems: Problem[] = [];
  const pools = entriesOf(valueAt(data, ['pools']));
  if (pools !== null && pools.length === 0) problems.push({ path: ['pools'], message: 'expected at least one pool' });
  checkListeners(data, new Map(pools ?? []), sources, problems);
  for (const [name, pool] of pools ?? []) checkPool(pool, ['pools', name], sources, problems);
  return problems;
}

function checkListeners(
  data: unknown,
  pools: ReadonlyMap<string, unknown>,
  sources: SecretSources,
  problems: Problem[],
): void {
  const names = new Uniqueness('listener name', problems);
  const binds = new Uniqueness('bind', problems);
  for (const [index, listener] of validItems(data, ['listeners'], listenerSchema)) {
    const path: Path = ['listeners', index];
    names.add(listenerName(listener), [...path, listener.name === undefined ? 'bind' : 'name']);
    const { bind } = listener;
    // Port 0 is a different port each time.
    if (bind.kind === 'unix' || bind.port !== 0) binds.add(formatBind(bind).toLowerCase(), [...path, 'bind']);
    if (bind.kind === 'tcp' && listener.unix_mode !== undefined) {
      problems.push({
        path: [...path, 'unix_mode'],
        message: 'only for a unix socket; this listener binds a TCP port',
      });
    }
    checkPoolReference(listener, path, pools, problems);
    checkLogin(listener, path, pools.get(listener.pool), sources, problems);
  }
}

/** `password`, `password_file` and `database`: for redis pools only, and within their bounds. */
function checkLogin(
  listener: ListenerFields,
  path: Path,
  pool: unknown,
  sources: SecretSources,
  problems: Problem[],
): void {
  if (protocolOf(pool) === 'memcached') {
    const given = ['password', 'password_file', 'database'] as const;
    for (const field of given.filter((each) => listener[each] !== undefined && listener[each] !== 0)) {
      problems.push({ path: [...path, field], message: 'only for redis pools', atKey: true });
    }
    return;
  }
  resolvePassword(listener, path, sources, problems);
  const databases = Number(valueAt(pool, ['databases']) ?? DATABASES_DEFAULT);
  if (listener.database >= databases) {
    const message = `expected less than ${databases}, the databases of pool "${listener.pool}"; got ${listener.database}`;
    problems.push({ path: [...path, 'database'], message });
  }
}

function checkPoolReference(
  listener: ListenerFields,
  path: Path,
  pools: ReadonlyMap<string, unknown>,
  problems: Problem[],
): void {
  // A file without pools gets one message about that, not one more per listener.
  if (pools.size === 0) return;
  if (!pools.has(listener.pool)) {
    const near = nearest(listener.pool, [...pools.keys()]);
    const hint = near === null ? '' : `; did you mean "${near}"?`;
    problems.push({ path: [...path, 'pool'], message: `no pool is named "${listener.pool}"${hint}` });
    return;
  }
  const protocol = protocolOf(pools.get(listener.pool));
  if (protocol === null || listener.protocol === undefined || listener.protocol === protocol) return;
  const message = `this listener speaks ${listener.protocol}, but pool "${listener.pool}" is a ${protocol} pool`;
  problems.push({ path: [...path, 'protocol'], message });
}

function checkPool(pool: unknown, path: Path, sources: SecretSources, problems: Problem[]): void {
  const protocol = protocolOf(pool);
  const before = problems.length;
  const ids = new Uniqueness('node id', problems);
  const ringNames = new Uniqueness('ring name', problems);
  const nodes: NodeConfig[] = [];
  const algorithm = valueAt(pool, ['partitioning', 'algorithm']) ?? defaultAlgorithm;
  for (const [index, fields] of validItems(pool, ['nodes'], nodeSchema)) {
    const nodePath: Path = [...path, 'nodes', index];
    if (!checkNodeAddress(fields, nodePath, problems)) continue;
    if (fields.name !== undefined && algorithm !== 'ketama' && algorithm !== 'modula') {
      const message = `only for ketama and modula; ${showValue(algorithm)} places keys by the id`;
      problems.push({ path: [...nodePath, 'name'], message, atKey: true });
    }
    const node = resolveNode(fields, DEFAULT_PORTS[protocol ?? 'redis']);
    const isNew = ids.add(node.id, [...nodePath, fields.id === undefined ? addressField(fields) : 'id']);
    // Nodes that share an id share the ring name too: one message is enough.
    if (isNew) ringNames.add(node.ringName, [...nodePath, fields.name === undefined ? 'id' : 'name']);
    nodes.push(node);
  }
  const raw = valueAt(pool, ['partitioning']);
  const partitioning = partitioningSchema.safeParse(raw);
  if (partitioning.success) {
    const given = new Set(Object.keys(Object(raw) as object));
    const buildable = problems.length === before ? nodes : [];
    problems.push(...checkPartitioning(partitioning.data, given, buildable, [...path, 'partitioning']));
  }
  for (const [field, only] of FIELDS_OF_ONE_PROTOCOL) {
    if (protocol === null || protocol === only || valueAt(pool, [field]) === undefined) continue;
    problems.push({ path: [...path, field], message: `only for ${only} pools`, atKey: true });
  }
  if (protocol !== 'memcached') {
    checkKeylessScripts(valueAt(pool, ['keyless_scripts']), nodes, [...path, 'keyless_scripts'], problems);
  }
  checkAuth(pool, protocol, [...path, 'auth'], sources, problems);
}

/** Names a node of the pool. Nothing is said while no node is right: the ids may be what is wrong. */
function checkKeylessScripts(value: unknown, nodes: readonly NodeConfig[], path: Path, problems: Problem[]): void {
  if (typeof value !== 'string' || value === '' || value === ANY_NODE || nodes.length === 0) return;
  const ids = nodes.map(({ id }) => id);
  if (ids.includes(value)) return;
  const near = nearest(value, [...ids, ANY_NODE]);
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  problems.push({
    path,
    message: `expected ${ANY_NODE} or the id of a node of this pool, got ${showValue(value)}${hint}`,
  });
}

function checkAuth(
  pool: unknown,
  protocol: Protocol | null,
  path: Path,
  sources: SecretSources,
  problems: Problem[],
): void {
  const raw = valueAt(pool, ['auth']);
  const auth = authSchema.safeParse(raw);
  if (raw === undefined || !auth.success) return;
  if (protocol === 'memcached') problems.push({ path, message: 'only for redis pools', atKey: true });
  else resolveAuth(auth.data, path, sources, problems);
}

/** True when the node says where it is in exactly one way. */
function checkNodeAddress(node: NodeFields, path: Path, problems: Problem[]): boolean {
  let message: string | null = null;
  if (node.host === undefined && node.socket === undefined) message = 'missing host (or socket)';
  else if (node.socket !== undefined && node.host !== undefined) message = 'give either host or socket, not both';
  else if (node.socket !== undefined && node.port !== undefined) message = 'a node with a socket has no port';
  if (message !== null) problems.push({ path, message });
  return message === null;
}

const addressField = (node: NodeFields): string => (node.socket === undefined ? 'host' : 'socket');

/** Reports the second and later uses of a value, and says where the first was. */
class Uniqueness {
  readonly #seen = new Map<string, Path>();
  readonly #what: string;
  readonly #problems: Problem[];

  constructor(what: string, problems: Problem[]) {
    this.#what = what;
    this.#problems = problems;
  }

  /** True when the value is new. */
  add(value: string, path: Path): boolean {
    const first = this.#seen.get(value);
    if (first === undefined) {
      this.#seen.set(value, path);
      return true;
    }
    const index = first.findLast((step) => typeof step === 'number');
    this.#problems.push({
      path,
      message: `duplicate ${this.#what} "${value}"; entry ${index} of this list has it too`,
    });
    return false;
  }
}

/** A pool's protocol, or null when the file gives one that does not exist. */
function protocolOf(pool: unknown): Protocol | null {
  const value = valueAt(pool, ['protocol']) ?? 'redis';
  return PROTOCOLS.find((protocol) => protocol === value) ?? null;
}

/** The items of a list that fit the schema, with their indexes. */
function validItems<Schema extends z.ZodType>(
  data: unknown,
  path: Path,
  schema: Schema,
): readonly (readonly [number, z.output<Schema>])[] {
  const list = valueAt(data, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, index) => {
    const result = schema.safeParse(item);
    return result.success ? [[index, result.data] as const] : [];
  });
}

function entriesOf(value: unknown): [string, unknown][] | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : null;
}
