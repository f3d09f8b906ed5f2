// Runs after tsc: makes the command executable, so that npm's bin link and `dist/main.js` itself work.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/main.js', import.meta.url), 0o755);
