/** From a memcached command to the function that serves it. Made once per command when a listener is built. */
import { Mc, type McCommand } from '../../protocol/memcache/commands.js';
import { broadcastOk } from './broadcast.js';
import { localShapes } from './local.js';
import { refusedShape } from './refused.js';
import { forwardToKey } from './send.js';
import type { McShape } from './shape.js';
import { splitGet } from './split-get.js';
import { statsShape } from './stats.js';

export function mcShapeOf(command: McCommand): McShape {
  switch (command.route) {
    case 'key':
      return forwardToKey;
    case 'split':
      return splitGet;
    case 'every-node':
      return command.id === Mc.stats ? statsShape : broadcastOk;
    case 'local':
      return localShapes(command.id);
    case 'refused':
      return refusedShape(command);
  }
}
