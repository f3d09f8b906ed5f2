/**
 * stats. Without an argument: the proxy's own figures, under memcached's names where the meaning is the same, summed over
 * its workers. With one (items, slabs, sizes, settings, conns, reset, detail, ...): what all nodes say, one after the
 * other, each name with its node in front (`STAT cache-1:items:1:number 5`), because most of these figures (ages, chunk
 * sizes, settings) mean nothing as a sum. A node that failed has a line that says so.
 */
import type { McSession } from '../../downstream/mc-session.js';
import { mcFailureReply } from '../../downstream/mc-errors.js';
import type { ProxyReport } from '../../control/peers.js';
import type { WorkerReport } from '../../control/report.js';
import type { Output } from '../../io/output.js';
import type { WorkerCounters } from '../../metrics/counters.js';
import { Mc, type McCommandId } from '../../protocol/memcache/commands.js';
import { McReply } from '../../protocol/memcache/replies.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { MEMCACHED_VERSION, VERSION } from '../../version.js';
import { Gather } from '../gather.js';
import { sendToAll } from './broadcast.js';
import type { McShape } from './shape.js';

export const statsShape: McShape = (session, bytes) => {
  if (session.framer.argCount === 1) {
    const { peers, context } = session.service;
    const nowMicros = peers.wallClockMicros();
    return session.replyLater(
      peers.report().then((report) => Buffer.from(ownStats(report, nowMicros, context.limits.clientsMax), 'latin1')),
    );
  }
  for (const channel of session.lane.channels) if (channel.isCongested) return session.waitFor(channel);
  return sendToAll(session, bytes, new StatsGather(session));
};

const COMMAND_FIELDS: readonly (readonly [field: string, commands: readonly McCommandId[]])[] = [
  ['cmd_get', [Mc.get, Mc.gets, Mc.gat, Mc.gats]],
  ['cmd_set', [Mc.set, Mc.add, Mc.replace, Mc.append, Mc.prepend, Mc.cas]],
  ['cmd_flush', [Mc.flushAll]],
  ['cmd_touch', [Mc.touch, Mc.gat, Mc.gats]],
  ['cmd_meta', [Mc.mg, Mc.ms, Mc.md, Mc.ma, Mc.me, Mc.mn]],
  ['cmd_delete', [Mc.delete]],
  ['cmd_incr', [Mc.incr]],
  ['cmd_decr', [Mc.decr]],
];

function ownStats(report: ProxyReport, nowMicros: number, clientsMax: number): string {
  const { workers } = report;
  const sum = (pick: (worker: WorkerReport) => number): number => workers.reduce((all, one) => all + pick(one), 0);
  const count = (name: keyof WorkerCounters): number => sum((worker) => worker.counters[name]);
  const seconds = (micros: number): string => (micros / 1e6).toFixed(6);
  const lines: (readonly [name: string, value: number | string])[] = [
    ['pid', report.pid],
    ['uptime', Math.floor((nowMicros / 1000 - report.startedAtMs) / 1000)],
    ['time', Math.floor(nowMicros / 1e6)],
    ['version', `${MEMCACHED_VERSION} ringward-${VERSION}`],
    ['pointer_size', 64],
    ['rusage_user', seconds(sum((worker) => worker.cpuUserMicros))],
    ['rusage_system', seconds(sum((worker) => worker.cpuSystemMicros))],
    ['max_connections', clientsMax * workers.length],
    ['curr_connections', sum((worker) => worker.clients)],
    ['total_connections', count('clientsAccepted')],
    ['rejected_connections', count('clientsRejected')],
    ...COMMAND_FIELDS.map(([field, ids]) => {
      const total = sum((worker) => ids.reduce<number>((all, id) => all + worker.mcCommands[id]!, 0));
      return [field, total] as const;
    }),
    ['bytes_read', count('clientBytesIn')],
    ['bytes_written', count('clientBytesOut')],
    ['threads', workers.length],
    ['ringward_split_gets', count('commandsSplit')],
    ['ringward_parts_missed', count('partsMissed')],
    ['ringward_errors', count('errorsProxy') + count('errorsUpstream')],
    ['ringward_protocol_errors', count('errorsProtocol')],
    ['ringward_upstream_timeouts', count('upstreamTimeouts')],
    ['ringward_upstream_protocol_errors', count('upstreamProtocolErrors')],
    ...nodeLines(workers),
  ];
  return `${lines.map(([name, value]) => `STAT ${name} ${value}\r\n`).join('')}END\r\n`;
}

/** Of every node of every pool: up when each worker's connection is open, and what the workers asked it together. */
function nodeLines(workers: readonly WorkerReport[]): (readonly [string, number | string])[] {
  const nodes = workers[0]?.nodes ?? [];
  return nodes.flatMap(({ pool, id }, index) => {
    const all = workers.map((worker) => worker.nodes[index]!);
    const prefix = `${pool}:${id}`;
    return [
      [`${prefix}:state`, all.every(({ state }) => state === 'ready') ? 'up' : 'down'],
      [`${prefix}:requests`, all.reduce((sum, { requests }) => sum + requests, 0)],
      [`${prefix}:timeouts`, all.reduce((sum, { timeouts }) => sum + timeouts, 0)],
    ] as const;
  });
}

const STAT = /^(STAT|PREFIX) /;

class StatsGather extends Gather {
  readonly #session: McSession;

  constructor(session: McSession) {
    super(session);
    this.#session = session;
  }

  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    return mcFailureReply(failure, false);
  }

  protected override merge(output: Output): void {
    const texts = this.parts.map(({ bytes, start, end }) => bytes!.toString('latin1', start, end));
    const text = texts.some((one) => one.endsWith('END\r\n')) ? this.#list(texts) : firstError(texts);
    const reply = Buffer.from(text, 'latin1');
    output.append(reply, 0, reply.length);
  }

  /** Lines of all nodes. ITEM lines (cachedump) name keys, which are the pool's, so they stay as they are. */
  #list(texts: readonly string[]): string {
    const { nodes } = this.#session.service.pool;
    let all = '';
    texts.forEach((text, index) => {
      const { id } = nodes[index]!;
      for (const line of text.split('\r\n')) {
        if (line === '' || line === 'END') continue;
        if (STAT.test(line)) all += `${line.replace(STAT, `$1 ${id}:`)}\r\n`;
        else all += line.startsWith('ITEM ') ? `${line}\r\n` : `STAT ${id}:error ${line}\r\n`;
      }
    });
    return all + McReply.end.toString('latin1');
  }
}

/** RESET or OK when all nodes say it, else what the first node said that differs. */
function firstError(texts: readonly string[]): string {
  return texts.find((text) => text.includes('ERROR')) ?? texts[0]!;
}
