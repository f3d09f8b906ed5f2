/**
 * The requests of the load generator as fixed bytes, and the length of the reply to each. Because keys have one width
 * and every key is filled with values of one size, all replies to a kind of request are equally long: the generator
 * only counts bytes, and a miss or an error shows as a wrong count. Used by load-generator.mjs.
 */
import { keyName } from './fill.mjs';

/** Kinds: get, set, mget (`keysPerRequest` distinct keys, memcached only). Both protocols. */
export function requestKind({ protocol, kind, prefix, keyspace, size, keysPerRequest = 1 }) {
  const keyWidth = keyName(prefix, 0).length;
  const value = 'x'.repeat(size);
  const randomIndex = () => Math.floor(Math.random() * keyspace);
  const keys = (count) => {
    const first = randomIndex();
    return Array.from({ length: count }, (_, i) => keyName(prefix, (first + i) % keyspace));
  };
  if (protocol === 'redis') {
    const bulk = (text) => `$${text.length}\r\n${text}\r\n`;
    if (kind === 'get') {
      return {
        make: () => `*2\r\n${bulk('GET')}${bulk(keys(1)[0])}`,
        replyBytes: bulk(value).length,
        replyStart: '$',
      };
    }
    if (kind === 'set') {
      return { make: () => `*3\r\n${bulk('SET')}${bulk(keys(1)[0])}${bulk(value)}`, replyBytes: 5, replyStart: '+' };
    }
  }
  if (protocol === 'memcached') {
    const hitBytes = `VALUE  0 ${size}\r\n`.length + keyWidth + size + 2;
    if (kind === 'set') {
      return { make: () => `set ${keys(1)[0]} 0 0 ${size}\r\n${value}\r\n`, replyBytes: 8, replyStart: 'S' };
    }
    if (kind === 'get' || kind === 'mget') {
      return {
        make: () => `get ${keys(keysPerRequest).join(' ')}\r\n`,
        replyBytes: keysPerRequest * hitBytes + 'END\r\n'.length,
        replyStart: 'V',
      };
    }
  }
  throw new Error(`the load generator does not know ${protocol} ${kind}`);
}
