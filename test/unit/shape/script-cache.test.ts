import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { WorkerCounters } from '../../../src/metrics/counters.js';
import { ScriptCache } from '../../../src/shape/script-cache.js';
import { Output } from '../../../src/io/output.js';

const LIMIT = 64 * 1024;
const shaOf = (text: string): string => createHash('sha1').update(text).digest('hex');

let counters: WorkerCounters;
let cache: ScriptCache;
beforeEach(() => {
  counters = new WorkerCounters();
  cache = new ScriptCache(counters, LIMIT);
});

/** Only its identity counts. */
function newOutput(): Output {
  return Object.create(Output.prototype) as Output;
}

/** As it passes by in a read buffer that is used again. */
function learn(text: string): void {
  const bytes = Buffer.from(`xx${text}yy`);
  cache.learn(bytes, 2, bytes.length - 2);
  bytes.fill(0);
}

describe('ScriptCache', () => {
  it('finds a script by its SHA1, with its own copy of the text', () => {
    learn('return 1');
    expect(cache.find(shaOf('return 1'))?.text.toString()).toBe('return 1');
    expect(cache.find(shaOf('return 2'))).toBeUndefined();
  });

  it('learns a script once, however often it passes', () => {
    for (let i = 0; i < 1000; i++) learn(`return ${i % 3}`);
    expect(counters.scriptsLearnt).toBe(3);
    expect(cache.count).toBe(3);
  });

  it('tells scripts apart that differ in any one byte', () => {
    const text = '-'.repeat(500);
    for (let i = 0; i < 500; i++) {
      const other = `${text.slice(0, i)}x${text.slice(i + 1)}`;
      cache.forgetAll();
      learn(text);
      learn(other);
      expect(cache.find(shaOf(text))?.text.toString()).toBe(text);
      expect(cache.find(shaOf(other))?.text.toString()).toBe(other);
    }
  });

  it('stays below its limit and forgets what was not used for longest', () => {
    const text = (i: number): string => `return '${String(i).padStart(1000, '0')}'`;
    for (let i = 0; i < 200; i++) {
      learn(text(i));
      learn(text(0)); // by EVAL again and again
      cache.find(shaOf(text(1))); // by EVALSHA
      expect(cache.bytes).toBeLessThanOrEqual(LIMIT);
    }
    expect(counters.scriptsEvicted).toBeGreaterThan(100);
    expect([0, 1, 2, 198, 199].map((i) => cache.find(shaOf(text(i))) !== undefined)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  it('learns again what it had forgotten', () => {
    const text = (i: number): string => `return '${String(i).padStart(10_000, '0')}'`;
    for (let i = 0; i < 20; i++) learn(text(i));
    expect(cache.find(shaOf(text(0)))).toBeUndefined();
    learn(text(0));
    expect(cache.find(shaOf(text(0)))).toBeDefined();
  });

  it('does not keep a script that is larger than the limit', () => {
    learn('x'.repeat(LIMIT));
    expect(cache.count).toBe(0);
    expect(counters.scriptsLearnt).toBe(0);
  });

  it('forgets all of them, and one that no node takes', () => {
    learn('return 1');
    learn('return (');
    cache.drop(cache.find(shaOf('return ('))!);
    expect(cache.find(shaOf('return ('))).toBeUndefined();
    cache.forgetAll();
    expect([cache.count, cache.bytes]).toEqual([0, 0]);
    learn('return 1');
    expect(cache.count).toBe(1);
  });

  it('remembers for each connection what was loaded there', () => {
    learn('return 1');
    const script = cache.find(shaOf('return 1'))!;
    const [one, two] = [newOutput(), newOutput()];
    expect(cache.isLoadedOn(one, script)).toBe(false);
    cache.noteLoadedOn(one, script);
    expect([cache.isLoadedOn(one, script), cache.isLoadedOn(two, script)]).toEqual([true, false]);
    cache.forgetAll();
    expect(cache.isLoadedOn(one, script)).toBe(false);
  });
});
