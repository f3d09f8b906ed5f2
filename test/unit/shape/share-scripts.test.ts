import { describe, expect, it } from 'vitest';
import type { Peers, SharedScript } from '../../../src/control/peers.js';
import type { RespSession } from '../../../src/downstream/resp-session.js';
import { WorkerCounters } from '../../../src/metrics/counters.js';
import { forgetScripts, learnScript, ScriptCache } from '../../../src/shape/script-cache.js';
import { RespRequest } from '../../../src/shape/request.js';
import { request as arguments_ } from '../command/arguments.js';

function sessionWith(peers: Partial<Peers>): { session: RespSession; scripts: ScriptCache } {
  const scripts = new ScriptCache(new WorkerCounters(), 1 << 20);
  const service = { scripts, peers, pool: { config: { name: 'main' } } };
  return { session: { service } as unknown as RespSession, scripts };
}

function scriptLoad(text: string): RespRequest {
  const { bytes, offsets, argc } = arguments_('SCRIPT', 'LOAD', text);
  return Object.assign(new RespRequest(), { bytes: Buffer.from(bytes), args: offsets, argc });
}

describe('the script caches of several workers', () => {
  it('learn what SCRIPT LOAD brought to one, whatever its bytes', () => {
    const shared: SharedScript[] = [];
    const { session, scripts } = sessionWith({ shareScript: (script) => Promise.resolve(shared.push(script)) });
    learnScript(session, scriptLoad('return "\xff\0"'));
    expect(scripts.count).toBe(1);
    expect(shared).toEqual([{ pool: 'main', text: 'return "\xff\0"' }]);
  });

  it('do without what did not reach them', async () => {
    const { session, scripts } = sessionWith({
      shareScript: () => Promise.reject(new Error('gone')),
      forgetScripts: () => Promise.reject(new Error('gone')),
    });
    learnScript(session, scriptLoad('return 1'));
    await forgetScripts(session);
    expect(scripts.count).toBe(0);
  });

  it('are emptied together', async () => {
    const pools: string[] = [];
    const { session, scripts } = sessionWith({ forgetScripts: (pool) => Promise.resolve(pools.push(pool)) });
    scripts.learn(Buffer.from('return 1'), 0, 8);
    await forgetScripts(session);
    expect([scripts.count, pools]).toEqual([0, ['main']]);
  });
});
