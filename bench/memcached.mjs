/**
 * `npm run bench:memcached`: Ringward and nutcracker side by side in front of the same three memcacheds. The load comes
 * from load-generator.mjs, which shares the cores with the proxy: compare the CPU per request first. Same flags as run.mjs.
 */
import { fill } from './support/fill.mjs';
import { generatedLoadCase, idleClientsCase } from './support/generated-load.mjs';
import { readOptions } from './support/options.mjs';
import { publish } from './support/report.mjs';
import { runRounds } from './support/rounds.mjs';
import { startNodes, startSubjects } from './support/subjects.mjs';

const options = readOptions();
const values = { prefix: 'small:', size: 64, count: options.quick ? 2_000 : 100_000 };
const requestsOf = (kind, keysPerRequest) => ({
  protocol: 'memcached',
  kind,
  prefix: values.prefix,
  keyspace: values.count,
  size: values.size,
  keysPerRequest,
});

const idle = options.quick ? 500 : 10_000;
const cases = [
  generatedLoadCase('get P1 c50', { connections: 50, pipeline: 1, requests: requestsOf('get', 1) }),
  generatedLoadCase('set P1 c50', { connections: 50, pipeline: 1, requests: requestsOf('set', 1) }),
  generatedLoadCase('get P32 c50', { connections: 50, pipeline: 32, requests: requestsOf('get', 1) }),
  generatedLoadCase('set P32 c50', { connections: 50, pipeline: 32, requests: requestsOf('set', 1) }),
  generatedLoadCase('get 100 keys P1 c50', { connections: 50, pipeline: 1, requests: requestsOf('mget', 100) }),
  idleClientsCase(`idle c${idle}`, { connections: idle, requests: requestsOf('get', 1) }),
].filter(({ name }) => options.wants(name));
if (cases.length === 0) throw new Error('no case has that name');

const nodes = await startNodes('memcached');
for (const node of nodes) await fill('memcached', node.port, values);
const subjects = await startSubjects('memcached', nodes, options);
publish('memcached', await runRounds(cases, subjects, options), subjects, options);
await Promise.all([...subjects, ...nodes].map((started) => started.stop()));
