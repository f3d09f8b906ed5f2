/** Scripts, functions and SCAN, by name: what the proxy does with each. Read by ../policy.ts alone. */
import { handled, type HandlingList } from '../handling.js';

const keyless = handled('script', { note: "without keys: to the pool's `keyless_scripts`" });
const healed = handled('script', {
  note: 'as `EVAL`; the proxy loads scripts that it knows into nodes that lack them',
});

export const scriptsCommands: HandlingList = {
  eval: keyless,
  eval_ro: keyless,
  evalsha: healed,
  evalsha_ro: healed,
  fcall: keyless,
  fcall_ro: keyless,
  scan: handled('scan', { note: 'the cursor says which node is next' }),
};
