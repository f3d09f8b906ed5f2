/**
 * One pool of a twemproxy file: from the directives of its block to a TwemproxyPool, by the rules of nc_conf.c (types,
 * bounds, duplicates, defaults). Also says, as warnings, which options have no effect here. Used by load.ts.
 */
import { twemproxyHashes } from '../../routing/hash.js';
import { nearest } from '../nearest.js';
import { showValue } from '../show-value.js';
import { parseListen, parseServer, type ListenLine, type ServerLine } from './address.js';
import type { Block, Directive, Finding, Text } from './document.js';
import { overflowsInt32, readInt32 } from './number.js';

export type TwemproxyHash = keyof typeof twemproxyHashes;
export const twemproxyDistributions = ['ketama', 'modula', 'random'] as const;
export type TwemproxyDistribution = (typeof twemproxyDistributions)[number];

export interface TwemproxyPool {
  readonly name: string;
  readonly listen: ListenLine;
  readonly hash: TwemproxyHash;
  readonly distribution: TwemproxyDistribution;
  /** Two bytes of UTF-8. */
  readonly hashTag: string | null;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly backlog: number;
  readonly isRedis: boolean;
  readonly redisAuth: string | null;
  readonly redisDb: number;
  readonly serverConnections: number;
  /** In the file's order. */
  readonly servers: readonly ServerLine[];
}

const NUMBERS = [
  'timeout',
  'backlog',
  'client_connections',
  'redis_db',
  'server_connections',
  'server_retry_timeout',
  'server_failure_limit',
] as const;
const BOOLEANS = ['redis', 'tcpkeepalive', 'reuseport', 'preconnect', 'auto_eject_hosts'] as const;
const TEXTS = ['redis_auth', 'hash_tag', 'hash', 'distribution'] as const;
const DIRECTIVES = ['listen', ...NUMBERS, ...BOOLEANS, ...TEXTS, 'servers'];

const BACKLOG_DEFAULT = 512;

export interface PoolReading {
  /** Null when something is wrong; then `problems` says what. */
  readonly pool: TwemproxyPool | null;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Where `listen` is, for problems that show up when its name is looked up. */
  readonly listenAt: number;
}

export function readPool(block: Block): PoolReading {
  return new PoolReader(block).read();
}

class PoolReader {
  readonly #block: Block;
  readonly #problems: Finding[] = [];
  readonly #warnings: Finding[] = [];
  readonly #offsets = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  readonly #booleans = new Map<string, boolean>();
  readonly #texts = new Map<string, string>();
  readonly #servers: ServerLine[] = [];
  #listen: ListenLine | undefined;

  constructor(block: Block) {
    this.#block = block;
  }

  read(): PoolReading {
    for (const directive of this.#block.directives) this.#readDirective(directive);
    this.#checkWhole();
    this.#warn();
    const listenAt = this.#offsets.get('listen') ?? this.#block.name.offset;
    const pool = this.#problems.length > 0 ? null : this.#build();
    return { pool, problems: this.#problems, warnings: this.#warnings, listenAt };
  }

  #readDirective({ key, values }: Directive): void {
    const name = key.text;
    if (!DIRECTIVES.includes(name)) {
      const near = nearest(name, DIRECTIVES);
      this.#problem(key.offset, name, `unknown key${near === null ? '' : `; did you mean "${near}"?`}`);
      return;
    }
    for (const [index, value] of values.entries()) {
      if (name === 'servers') {
        this.#readServer(value, index);
        continue;
      }
      if (this.#offsets.has(name)) this.#problem(key.offset, name, 'duplicate key');
      this.#offsets.set(name, value.offset);
      this.#readValue(name, value);
    }
  }

  #readValue(name: string, { text, offset }: Text): void {
    if (isOneOf(NUMBERS, name)) {
      const number = readInt32(text);
      if (number === null) this.#problem(offset, name, `expected a number in digits, got ${showValue(text)}`);
      else this.#numbers.set(name, number);
      if (number !== null && overflowsInt32(text))
        this.#warning(offset, name, `too large: twemproxy reads it as ${number}`);
    } else if (isOneOf(BOOLEANS, name)) {
      if (text === 'true' || text === 'false') this.#booleans.set(name, text === 'true');
      else this.#problem(offset, name, `expected true or false, got ${showValue(text)}`);
    } else if (name === 'listen') {
      const listen = parseListen(text);
      if (typeof listen === 'string') this.#problem(offset, name, listen);
      else this.#listen = listen;
    } else {
      const trouble = textTrouble(name, text);
      if (trouble === null) this.#texts.set(name, text);
      else this.#problem(offset, name, trouble);
    }
  }

  #readServer({ text, offset }: Text, index: number): void {
    const path = `servers[${index}]`;
    const server = parseServer(text);
    if (typeof server === 'string') {
      this.#problem(offset, path, server);
      return;
    }
    if (this.#servers.some(({ name }) => name === server.name)) {
      this.#problem(offset, path, `duplicate server name ${showValue(server.name)}`);
    }
    this.#servers.push(server);
  }

  #checkWhole(): void {
    const { offset } = this.#block.name;
    if (!this.#offsets.has('listen')) this.#problem(offset, '', 'missing listen');
    if (this.#servers.length === 0 && this.#problems.length === 0) this.#problem(offset, '', 'missing servers');
    if (this.#numbers.get('server_connections') === 0) {
      this.#problem(this.#at('server_connections'), 'server_connections', 'expected at least 1, got 0');
    }
    if (this.#texts.has('redis_auth') && this.#booleans.get('redis') !== true) {
      this.#problem(this.#at('redis_auth'), 'redis_auth', 'only for a pool with redis: true');
    }
  }

  #warn(): void {
    if (this.#booleans.get('auto_eject_hosts') === true) {
      this.#warning(
        this.#at('auto_eject_hosts'),
        'auto_eject_hosts',
        'servers are not ejected in this version: while one is down, requests for its keys get an error and those of the others are served',
      );
    }
    if (this.#numbers.has('client_connections')) {
      this.#warning(
        this.#at('client_connections'),
        'client_connections',
        'twemproxy ignores it, and so does Ringward: limits.clients of a Ringward file sets how many clients a worker takes',
      );
    }
  }

  #build(): TwemproxyPool {
    return {
      name: this.#block.name.text,
      listen: this.#listen!,
      hash: (this.#texts.get('hash') ?? 'fnv1a_64') as TwemproxyHash,
      distribution: (this.#texts.get('distribution') ?? 'ketama') as TwemproxyDistribution,
      hashTag: this.#texts.get('hash_tag') ?? null,
      timeoutMs: this.#numbers.get('timeout') ?? 0,
      backlog: this.#numbers.get('backlog') ?? BACKLOG_DEFAULT,
      isRedis: this.#booleans.get('redis') ?? false,
      redisAuth: this.#texts.get('redis_auth') ?? null,
      redisDb: this.#numbers.get('redis_db') ?? 0,
      serverConnections: this.#numbers.get('server_connections') ?? 1,
      servers: this.#servers,
    };
  }

  #at(key: string): number {
    return this.#offsets.get(key) ?? this.#block.name.offset;
  }

  #problem(offset: number, key: string, message: string): void {
    this.#problems.push({ offset, path: this.#path(key), message });
  }

  #warning(offset: number, key: string, message: string): void {
    this.#warnings.push({ offset, path: this.#path(key), message });
  }

  #path(key: string): string {
    return key === '' ? this.#block.name.text : `${this.#block.name.text}.${key}`;
  }
}

/** What is wrong with a text, or null. The password is never shown. */
function textTrouble(name: string, text: string): string | null {
  switch (name) {
    case 'hash':
      return wordTrouble(text, Object.keys(twemproxyHashes));
    case 'distribution':
      return wordTrouble(text, twemproxyDistributions);
    case 'hash_tag':
      return Buffer.byteLength(text) === 2 ? null : `expected two characters such as "{}", got ${showValue(text)}`;
    default:
      return null;
  }
}

function wordTrouble(text: string, words: readonly string[]): string | null {
  if (words.includes(text)) return null;
  const near = nearest(text, words);
  return `expected one of ${words.join(', ')}, got ${showValue(text)}${near === null ? '' : `; did you mean "${near}"?`}`;
}

function isOneOf(words: readonly string[], word: string): boolean {
  return words.includes(word);
}
