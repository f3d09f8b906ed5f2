/**
 * The scripts that passed through one pool of a worker, by SHA1, so that EVALSHA works on a node that lacks the script:
 * one that was restarted, or one that the script's first EVAL did not go to. Learnt from EVAL, EVAL_RO and SCRIPT LOAD;
 * what SCRIPT LOAD teaches is told to the other workers, and SCRIPT FLUSH empties the caches of all of them.
 *
 * Bounded by `script_cache_size` (each entry counts ENTRY_BYTES more than its text) and SCRIPTS_MAX; the one that was not
 * used for longest goes. The SHA1 of a text is computed once: `learn` first looks into a table of texts that it has seen,
 * by length and a few bytes, and compares. In a loop, on a machine busy with other things, that took 0.3 to 0.7 us for a
 * text of 120 bytes; one that was never seen 15 us, most of it for what it pushes out (bench/micro-scripts.mjs).
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RespSession } from '../downstream/resp-session.js';
import type { WorkerCounters } from '../metrics/counters.js';
import type { Output } from '../io/output.js';
import type { RespRequest } from './request.js';

const SCRIPTS_MAX = 16_384;
/** What an entry takes beside its text, about. */
const ENTRY_BYTES = 512;
/** Slots of the table of texts that were seen; a power of two. Two texts of one slot push each other out. */
const SEEN_SLOTS = 4096;
/** Bytes of a text that its slot depends on. */
const SAMPLES = 32;

export interface Script {
  /** 40 hexadecimal digits, lower case. */
  readonly sha: string;
  readonly text: Buffer;
}

export class ScriptCache {
  readonly #counters: WorkerCounters;
  readonly #bytesMax: number;
  readonly #scripts: LRUCache<string, Script>;
  readonly #seen = new Array<Script | undefined>(SEEN_SLOTS).fill(undefined);
  /** By connection (each has its Output): the scripts that were sent there to be loaded. */
  #loaded = new WeakMap<Output, Set<Script>>();

  constructor(counters: WorkerCounters, bytesMax: number) {
    this.#counters = counters;
    this.#bytesMax = bytesMax;
    this.#scripts = new LRUCache({
      max: SCRIPTS_MAX,
      maxSize: bytesMax,
      sizeCalculation: ({ text }) => text.length + ENTRY_BYTES,
      dispose: (_script, _sha, reason) => {
        if (reason === 'evict') counters.scriptsEvicted++;
      },
    });
  }

  get count(): number {
    return this.#scripts.size;
  }

  /** Bytes that count towards the limit. */
  get bytes(): number {
    return this.#scripts.calculatedSize;
  }

  /** Remembers the script `bytes[start, end)`; the bytes are copied if it is new. One over the limit is not kept. */
  learn(bytes: Buffer, start: number, end: number): Script | undefined {
    if (end - start + ENTRY_BYTES > this.#bytesMax) return undefined;
    const slot = slotOf(bytes, start, end);
    const seen = this.#seen[slot];
    if (seen !== undefined && isSame(seen.text, bytes, start, end)) {
      // Marks it as used; it may have been pushed out meanwhile, and is worth keeping again.
      if (this.#scripts.get(seen.sha) === undefined) this.#scripts.set(seen.sha, seen);
      return seen;
    }
    // Not from Node's pool of small buffers: a short text would keep 8 KiB of it alive.
    const text = Buffer.allocUnsafeSlow(end - start);
    bytes.copy(text, 0, start, end);
    const sha = hash('sha1', text);
    let script = this.#scripts.get(sha);
    if (script === undefined) {
      script = { sha, text };
      this.#scripts.set(sha, script);
      this.#counters.scriptsLearnt++;
    }
    this.#seen[slot] = script;
    return script;
  }

  /** The script with that SHA1 (lower case). */
  find(sha: string): Script | undefined {
    return this.#scripts.get(sha);
  }

  /** It cannot be loaded: what it was worth is nothing. */
  drop(script: Script): void {
    this.#scripts.delete(script.sha);
    this.#seen[slotOf(script.text, 0, script.text.length)] = undefined;
  }

  forgetAll(): void {
    this.#scripts.clear();
    this.#seen.fill(undefined);
    this.#loaded = new WeakMap();
  }

  /** True when the connection behind `output` was sent the script to load. */
  isLoadedOn(output: Output, script: Script): boolean {
    return this.#loaded.get(output)?.has(script) === true;
  }

  noteLoadedOn(output: Output, script: Script): void {
    let scripts = this.#loaded.get(output);
    if (scripts === undefined) {
      scripts = new Set();
      this.#loaded.set(output, scripts);
    }
    // Scripts that the cache has dropped stay in here; loading one again does no harm.
    if (scripts.size >= SCRIPTS_MAX) scripts.clear();
    scripts.add(script);
  }
}

function slotOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const step = length <= SAMPLES ? 1 : length / SAMPLES;
  let hash = length;
  for (let i = 0; i < length; i += step) hash = (Math.imul(hash, 31) + bytes[start + (i | 0)]!) | 0;
  return (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (SEEN_SLOTS - 1);
}

function isSame(text: Buffer, bytes: Buffer, start: number, end: number): boolean {
  return text.length === end - start && text.compare(bytes, start, end) === 0;
}

/** SCRIPT LOAD passes by: its text is remembered here and by the other workers. */
export function learnScript(session: RespSession, request: RespRequest): void {
  const { scripts, pool, peers } = session.service;
  const script = scripts.learn(request.bytes, request.args[4]!, request.args[5]!);
  if (script === undefined) return;
  // A worker that does not hear of it answers NOSCRIPT where it could have helped, as a redis-server does.
  void peers.shareScript({ pool: pool.config.name, text: script.text.toString('latin1') }).catch(() => undefined);
}

/** SCRIPT FLUSH passes by: no worker knows a script any more. Resolves when those that answer have forgotten them. */
export async function forgetScripts(session: RespSession): Promise<void> {
  const { scripts, pool, peers } = session.service;
  scripts.forgetAll();
  await peers.forgetScripts(pool.config.name).catch(() => undefined);
}
