import { describe, expect, it } from 'vitest';
import { MC_COMMANDS, Mc, McReplyKind, lookUpCommand } from '../../../../src/protocol/memcache/commands.js';

function lookUp(name: string): number {
  const buf = Buffer.from(`xx${name}xx`, 'latin1');
  return lookUpCommand(buf, 2, 2 + name.length);
}

describe('the memcached command table', () => {
  it('is indexed by id, and each name is found', () => {
    expect(MC_COMMANDS).toHaveLength(Object.keys(Mc).length);
    for (const [id, command] of MC_COMMANDS.entries()) {
      expect(command.id).toBe(id);
      if (id !== Mc.unknown) expect(lookUp(command.name)).toBe(id);
    }
  });

  it.each(['', 'GET', 'Get', 'ge', 'gett', 'xget', 'mx', 'xg', 'bget', 'refresh_certsx', 'm', 'a'.repeat(300)])(
    'does not know %j',
    (name) => {
      expect(lookUp(name)).toBe(Mc.unknown);
    },
  );

  it('gives every command that goes to a node a reply kind', () => {
    for (const { id, route, replyKind } of MC_COMMANDS) {
      if (route !== 'refused' && route !== 'local') expect(replyKind, MC_COMMANDS[id]!.name).not.toBe(McReplyKind.none);
    }
  });
});
