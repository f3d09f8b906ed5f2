/**
 * `npm run bench`: Ringward and nutcracker side by side in front of the same three redis-servers, in alternating rounds.
 * The load comes from redis-benchmark, CPU per request from /proc of the proxy. See --help for the flags, and
 * memcached.mjs for the same over memcached. A full run takes about 20 minutes, --quick well under one.
 */
import { fill } from './support/fill.mjs';
import { idleClientsCase } from './support/generated-load.mjs';
import { readOptions } from './support/options.mjs';
import { redisBenchmarkCase } from './support/redis-benchmark.mjs';
import { publish } from './support/report.mjs';
import { runRounds } from './support/rounds.mjs';
import { startNodes, startSubjects } from './support/subjects.mjs';

const MGET_KEYS = 100;

const options = readOptions();

/** Values by size: `count` keys named prefix + 12 digits. */
const values = {
  small: { prefix: 'small:', size: 64, count: options.quick ? 2_000 : 100_000 },
  medium: { prefix: 'medium:', size: 4_096, count: options.quick ? 200 : 10_000 },
  large: { prefix: 'large:', size: 102_400, count: options.quick ? 20 : 500 },
};

function loadCase(command, value, { pipeline, clients, label = '' }) {
  const key = `${value.prefix}__rand_int__`;
  const commands = {
    GET: ['GET', key],
    SET: ['SET', key, 'x'.repeat(value.size)],
    MGET: ['MGET', ...Array.from({ length: MGET_KEYS }, () => key)],
  };
  const name = `${command} ${label}P${pipeline} c${clients}`;
  return redisBenchmarkCase(name, { clients, pipeline, keyspace: value.count, command: commands[command] });
}

function allCases() {
  const cases = [];
  for (const clients of [50, 500]) {
    for (const pipeline of [1, 16, 32, 64]) {
      for (const command of ['GET', 'SET']) cases.push(loadCase(command, values.small, { pipeline, clients }));
    }
  }
  for (const [value, label] of [
    [values.medium, '4KiB '],
    [values.large, '100KiB '],
  ]) {
    for (const command of ['GET', 'SET']) cases.push(loadCase(command, value, { pipeline: 1, clients: 50, label }));
  }
  cases.push(loadCase('MGET', values.small, { pipeline: 1, clients: 50, label: `${MGET_KEYS} keys ` }));
  const idle = options.quick ? 500 : 10_000;
  const { prefix, count, size } = values.small;
  const requests = { protocol: 'redis', kind: 'get', prefix, keyspace: count, size };
  cases.push(idleClientsCase(`idle c${idle}`, { connections: idle, requests }));
  return cases;
}

const cases = allCases().filter(({ name }) => options.wants(name));
if (cases.length === 0) throw new Error('no case has that name');

const nodes = await startNodes('redis');
for (const node of nodes) {
  for (const value of Object.values(values)) await fill('redis', node.port, value);
}
const subjects = await startSubjects('redis', nodes, options);
publish('redis', await runRounds(cases, subjects, options), subjects, options);
await Promise.all([...subjects, ...nodes].map((started) => started.stop()));
