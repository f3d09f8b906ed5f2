/** Command line of the socket-level benchmarks; the same flags for run.mjs and memcached.mjs. */
import { parseArgs } from 'node:util';

export const USAGE = `Options
  --rounds N       alternating rounds, the median of which is reported (default 5, at most 99)
  --seconds S      length of one measurement (default 3)
  --only TEXT      only cases whose name holds TEXT as whole words, such as "GET P1"
  --quick          one round of 0.3 s with few keys and clients: shows that the benchmark works, nothing else
  --peer-only      leave Ringward out
  --direct         also measure the first node without a proxy: the floor (every node holds every key)
  --write-docs     put the results into docs/benchmarks.md, between its markers
  --help           this text`;

function numberIn(name, text, min, max) {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new Error(`--${name} must be from ${min} to ${max}, got ${text}`);
  return value;
}

/** Parses the flags; exits after printing the usage for --help. */
export function readOptions(argv = process.argv.slice(2)) {
  const { values } = parseArgs({
    args: argv,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'peer-only': { type: 'boolean', default: false },
      direct: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values.quick && values['write-docs']) throw new Error('--quick results are not worth documenting');
  const rounds = Math.trunc(numberIn('rounds', values.rounds ?? (values.quick ? '1' : '5'), 1, 99));
  return {
    rounds,
    seconds: numberIn('seconds', values.seconds ?? (values.quick ? '0.3' : '3'), 0.1, 60),
    quick: values.quick,
    peerOnly: values['peer-only'],
    direct: values.direct,
    writeDocs: values['write-docs'],
    wants: matcher(values.only),
  };
}

/** True for names that hold `text` as whole words, so that "GET P1" is neither "MGET" nor "GET P16". */
function matcher(text) {
  if (text === undefined) return () => true;
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`(^|\\s)${escaped}(\\s|$)`, 'i');
  return (name) => pattern.test(name);
}
