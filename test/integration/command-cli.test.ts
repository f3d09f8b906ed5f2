/** redis-cli asks COMMAND DOCS when it starts, and exits on a reply that it cannot read. It must start on ours. */
import { spawn } from 'node:child_process';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandReply } from '../../src/command/introspection.js';
import { redisTable } from '../../src/command/redis-table.js';
import { type RespVersion, encodeReply } from '../../src/protocol/resp/encoder.js';
import { type ReplyValue, bulkReply, integerReply, mapReply, simpleReply } from '../../src/protocol/resp/value.js';
import { request } from '../unit/command/arguments.js';

/** Names of the requests that the server got, in order. */
let seen: string[];
let server: Server;

/** The arguments of the one request in `text`: redis-cli sends one and waits, and these fit one packet. */
function parseRequest(text: string): string[] {
  const lines = text.split('\r\n');
  return lines.filter((_line, i) => i > 0 && i % 2 === 0).slice(0, Number(lines[0]!.slice(1)));
}

function answer(args: readonly string[]): ReplyValue {
  const wire = request(...args);
  const command = redisTable.resolve(wire.bytes, wire.offsets, wire.argc);
  seen.push(command?.name ?? 'unknown');
  if (command?.name === 'ping') return simpleReply('PONG');
  if (command?.name === 'hello') return mapReply([['server', bulkReply('ringward')], ['proto', integerReply(3)]]); // prettier-ignore
  return commandReply(redisTable, command!, wire);
}

beforeEach(async () => {
  seen = [];
  server = createServer((socket) => {
    let version: RespVersion = 2;
    socket.on('data', (bytes) => {
      const args = parseRequest(bytes.toString('latin1'));
      if (args[0]?.toLowerCase() === 'hello') version = 3;
      socket.write(encodeReply(answer(args), version));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Runs redis-cli with commands on its input; resolves with what it printed and its exit code. */
async function runCli(options: readonly string[], input: string): Promise<{ output: string; code: number | null }> {
  const { port } = server.address() as AddressInfo;
  const cli = spawn('redis-cli', ['-p', String(port), ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  cli.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  cli.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  cli.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => void cli.once('close', resolve));
  return { output, code };
}

/** Colours and weights that redis-cli prints around words. */
const terminalCodes = new RegExp(`${String.fromCharCode(27)}\\[\\d*m`, 'g');

describe('redis-cli', () => {
  it.each([
    ['RESP2', [], ['command|docs', 'ping']],
    ['RESP3', ['-3'], ['hello', 'command|docs', 'ping']],
  ])('starts on COMMAND DOCS in %s', async (_version, options, requests) => {
    expect(await runCli(options, 'ping\n')).toEqual({ output: 'PONG\n', code: 0 });
    expect(seen).toEqual(requests);
  });

  it('shows the help that the documentation gives it', async () => {
    const { output: coloured, code } = await runCli([], 'help get\nhelp client id\nhelp @hash\n');
    const output = coloured.replace(terminalCodes, '');
    expect(code).toBe(0);
    expect(output).toMatch(/GET\s+summary: Passes to the node of its key\s+since: 1\.0\.0\s+group: string/);
    expect(output).toMatch(/CLIENT ID\s+summary: Is answered by the proxy/);
    expect(output).toMatch(/HSET\s/);
  });

  it('prints the reply of COMMAND INFO', async () => {
    const { output, code } = await runCli(['COMMAND', 'INFO', 'GET'], '');
    expect(code).toBe(0);
    expect(output.split('\n').slice(0, 4)).toEqual(['get', '2', 'readonly', 'fast']);
  });
});
