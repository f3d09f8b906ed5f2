/**
 * What is measured: Ringward (dist, one process) and nutcracker, each in front of the same nodes with the same
 * distribution, and optionally the first node itself without a proxy. Used by run.mjs and memcached.mjs.
 * A subject is { name, port, pid, restart(), stop() }; `port` and `pid` change at a restart.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, findProgram, freePort, requireProgram, startProcess, waitUntil, workFolder } from './processes.mjs';

const NODE_COUNT = 3;
const main = join(import.meta.dirname, '../../dist/main.js');

const READY = {
  redis: { request: '*1\r\n$4\r\nPING\r\n', answer: '+PONG' },
  memcached: { request: 'version\r\n', answer: 'VERSION' },
};

async function startAnswering(name, protocol, port, command, args) {
  const started = startProcess(command, args);
  const { request, answer } = READY[protocol];
  await waitUntil(started, name, async () => ((await ask(port, request)).startsWith(answer) ? true : undefined));
  return { name, port, ...started };
}

/** The nodes behind the proxies: redis-servers without persistence, or memcacheds of 1 GiB with 2 threads. */
export async function startNodes(protocol) {
  const nodes = [];
  for (let i = 0; i < NODE_COUNT; i++) {
    const port = await freePort();
    const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const [program, args] =
      protocol === 'redis'
        ? ['redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']]
        : ['memcached', ['-p', port, '-U', '0', '-l', '127.0.0.1', '-m', '1024', '-t', '2', '-c', '4096', ...asRoot]];
    nodes.push(await startAnswering(program, protocol, port, requireProgram(program), args.map(String)));
  }
  return nodes;
}

async function startRingward(protocol, nodes) {
  const path = join(workFolder(), `ringward-${protocol}.json`);
  const config = {
    workers: 0,
    listeners: [{ name: 'bench', protocol, bind: '127.0.0.1:0', pool: 'main', backlog: 1024 }],
    pools: {
      main: {
        protocol,
        nodes: nodes.map(({ port }, i) => ({ id: `node-${i + 1}`, host: '127.0.0.1', port })),
        partitioning: { algorithm: 'ketama', hash: 'fnv1a_64' },
      },
    },
    limits: { clients: 50_000 },
    log: { format: 'json' },
  };
  writeFileSync(path, JSON.stringify(config, null, 2));
  const started = startProcess(process.execPath, [main, 'serve', '--config', path]);
  const port = await waitUntil(started, 'ringward', () => {
    const found = /"listener":"bench".*?"address":"127\.0\.0\.1:(\d+)"/.exec(started.output());
    return found === null ? undefined : Number(found[1]);
  });
  return { name: 'ringward', port, ...started };
}

async function startNutcracker(protocol, nodes) {
  const [port, statsPort] = [await freePort(), await freePort()];
  const path = join(workFolder(), `nutcracker-${protocol}.yml`);
  const servers = nodes.map((node, i) => `    - 127.0.0.1:${node.port}:1 node-${i + 1}`);
  const lines = [
    'main:',
    `  listen: 127.0.0.1:${port}`,
    ...['  hash: fnv1a_64', '  distribution: ketama', '  timeout: 1000', '  backlog: 1024', '  preconnect: true'],
    `  redis: ${protocol === 'redis'}`,
    '  servers:',
    ...servers,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  const args = ['-c', path, '-s', String(statsPort), '-a', '127.0.0.1', '-o', '/dev/null'];
  return startAnswering('nutcracker', protocol, port, requireProgram('nutcracker'), args);
}

/** A subject whose process can be replaced by a fresh one. */
async function restartable(start) {
  const subject = { ...(await start()) };
  subject.restart = async () => {
    await subject.stop();
    Object.assign(subject, await start());
  };
  return subject;
}

/** The subjects that the options ask for and that can run here. A missing nutcracker is said and left out. */
export async function startSubjects(protocol, nodes, { peerOnly, direct, ringwardOnly = false }) {
  const subjects = [];
  if (!peerOnly) {
    if (!existsSync(main)) throw new Error('dist/main.js does not exist: run `npm run build`');
    subjects.push(await restartable(() => startRingward(protocol, nodes)));
  }
  if (ringwardOnly) return subjects;
  if (findProgram('nutcracker') !== undefined) {
    subjects.push(await restartable(() => startNutcracker(protocol, nodes)));
  } else if (peerOnly) {
    requireProgram('nutcracker');
  } else {
    console.error('nutcracker is not installed: measuring Ringward alone');
  }
  // The node is never restarted: that would lose its keys.
  if (direct) subjects.push({ ...nodes[0], name: 'direct', restart: async () => undefined });
  return subjects;
}
