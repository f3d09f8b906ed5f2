/**
 * Fills nodes with the keys that a benchmark reads. Every key goes to every node, so that reads hit whatever
 * distribution the proxy in front uses. Keys end in 12 digits, as redis-benchmark writes __rand_int__.
 */
import { connect } from 'node:net';

const BATCH_MAX_BYTES = 1024 * 1024;
const BATCH_MAX_KEYS = 1_000;
const DEADLINE_MS = 60_000;

export const keyName = (prefix, index) => prefix + String(index).padStart(12, '0');

const ENCODE = {
  redis: (key, value) => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`,
  memcached: (key, value) => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`,
};
const STORED = { redis: '+OK\r\n', memcached: 'STORED\r\n' };

/** Writes keys prefix000000000000 to prefix(count - 1), each `size` bytes of x, to the server on `port`. */
export function fill(protocol, port, { prefix, count, size }) {
  const value = 'x'.repeat(size);
  const perBatch = Math.max(1, Math.min(BATCH_MAX_KEYS, Math.floor(BATCH_MAX_BYTES / (size + 64))));
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error(`filling port ${port} took too long`)));
    socket.once('error', reject);
    let next = 0;
    let awaited = 0;
    const sendBatch = () => {
      const batch = [];
      for (; batch.length < perBatch && next < count; next++)
        batch.push(ENCODE[protocol](keyName(prefix, next), value));
      if (batch.length === 0) {
        socket.end();
        resolve();
        return;
      }
      awaited = batch.length * STORED[protocol].length;
      socket.write(batch.join(''), 'latin1');
    };
    socket.once('connect', sendBatch);
    socket.on('data', (piece) => {
      // Replies of one length: any error reply would differ in its first byte or leave the count off.
      if (piece.includes('ERR') || piece.includes('OOM')) {
        socket.destroy(new Error(`filling port ${port}: ${piece.toString('latin1').slice(0, 200)}`));
        return;
      }
      awaited -= piece.length;
      if (awaited === 0) sendBatch();
    });
  });
}
