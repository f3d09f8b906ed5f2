import { describe, expect, it } from 'vitest';
import { handlingOf } from '../../../../src/command/policy.js';
import { redisTable } from '../../../../src/command/redis-table.js';
import { localShape } from '../../../../src/shape/local/local.js';
import { treatmentOf } from '../../../../src/shape/transaction/treatment.js';

const of = (name: string): ReturnType<typeof treatmentOf> => treatmentOf(redisTable.findByName(name)!);

describe('treatmentOf', () => {
  it.each([
    ['node', 'get mset blpop xread wait eval unwatch ping echo time'],
    ['select', 'select'],
    [
      'local',
      'client|id client|setname client|list asking cluster|info command|count info auth hello object|help client|unblock',
    ],
    ['now', 'exec discard quit reset'],
    ['nested', 'multi watch'],
    ['refused', 'save shutdown psync sync debug'],
  ])('is %s for %s', (kind, names) => {
    expect(names.split(' ').map((name) => `${name} ${of(name).kind}`)).toEqual(
      names.split(' ').map((name) => `${name} ${kind}`),
    );
  });

  it('answers locally only what the proxy answers itself', () => {
    for (const command of redisTable.commands) {
      if (treatmentOf(command).kind !== 'local') continue;
      expect(handlingOf(command).kind, command.name).toBe('local');
      expect(() => localShape(command), command.name).not.toThrow();
    }
  });

  it('decides about every command of the table', () => {
    for (const command of redisTable.commands) expect(treatmentOf(command).kind, command.name).toBeTypeOf('string');
  });
});
