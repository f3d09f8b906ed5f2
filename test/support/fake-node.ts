/**
 * A node that misbehaves on purpose: a TCP server on loopback whose test says what it sends. Used where no real server can
 * be made to do it (garbage, replies that nobody asked for, a close in the middle of a reply). It reads requests only to
 * count them; `script` gets each request's words and the socket to write to.
 */
import { createServer, type Socket } from 'node:net';
import { RequestFramer } from '../../src/protocol/resp/request-framer.js';
import { Scan } from '../../src/protocol/resp/scan.js';

export interface FakeNode {
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
  /** Requests read so far, the handshake's included. */
  readonly requests: string[][];
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

export type NodeScript = (words: readonly string[], socket: Socket) => void;

/** What a healthy node says to the proxy's handshake. True: the request was part of it, and has its answer. */
export function answerHandshake(words: readonly string[], socket: Socket): boolean {
  if (words[0] !== 'CLIENT' && words[0] !== 'PING') return false;
  socket.write(words[0] === 'PING' ? '+PONG\r\n' : '+OK\r\n');
  return true;
}

const LIMITS = { bulkBytesMax: 1 << 26, argumentsMax: 1 << 20, inlineBytesMax: 65_536, requestBytesMax: 1 << 27 };

/** On a free port, unless `port` names one. */
export async function startFakeNode(script: NodeScript, port = 0): Promise<FakeNode> {
  const sockets = new Set<Socket>();
  const requests: string[][] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let input: Buffer = Buffer.alloc(0);
    socket.on('data', (piece) => {
      input = Buffer.concat([input, piece]);
      for (;;) {
        const framer = new RequestFramer(LIMITS);
        if (framer.scan(input, 0, input.length) !== Scan.frame) return;
        const words: string[] = [];
        for (let i = 0; i < framer.argc; i++) {
          words.push(input.toString('latin1', framer.args[i * 2], framer.args[i * 2 + 1]));
        }
        input = input.subarray(framer.end);
        requests.push(words);
        script(words, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    requests,
    sockets,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
