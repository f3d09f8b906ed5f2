/**
 * CLIENT and its subcommands. The sessions of all workers count as clients of one server: LIST and KILL ask every
 * worker, so their replies come a little later, in their place in the order.
 */
import { errorReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { bulkReply, integerReply, nullReply } from '../../protocol/resp/value.js';
import { clientFacts, clientLine, isMeant, type ClientFilter } from '../../control/report.js';
import { Outcome, type RespRequest } from '../request.js';
import type { Shape } from '../shape.js';
import { attributeProblem, nameProblem } from './client-name.js';
import { okBytes } from './connection.js';

const SYNTAX = errorReply('ERR syntax error');
const NOT_INTEGER = errorReply('ERR value is not an integer or out of range');
const BAD_REASON = errorReply('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
const UNBLOCK_ARGUMENTS = errorReply(
  "ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.",
);
const BAD_ID = errorReply('ERR client-id should be greater than 0');

const id: Shape = (session) => session.replyValue(integerReply(session.id));

const getName: Shape = (session) =>
  session.replyValue(session.name === '' ? nullReply : bulkReply(Buffer.from(session.name, 'latin1')));

const setName: Shape = (session, request) => {
  const name = request.text(2);
  const problem = nameProblem(name);
  if (problem !== undefined) return session.replyError(problem);
  session.name = name;
  return session.replyBytes(okBytes);
};

const setInfo: Shape = (session, request) => {
  const option = request.text(2);
  const value = request.text(3);
  const which = option.toLowerCase();
  if (which !== 'lib-name' && which !== 'lib-ver') {
    return session.replyError(errorReply(`ERR Unrecognized option '${option.slice(0, 128)}'`));
  }
  const problem = attributeProblem(which, value);
  if (problem !== undefined) return session.replyError(problem);
  if (which === 'lib-name') session.libName = value;
  else session.libVersion = value;
  return session.replyBytes(okBytes);
};

const info: Shape = (session) =>
  session.replyValue(bulkReply(Buffer.from(`${clientLine(clientFacts(session))}\n`, 'latin1')));

const list: Shape = (session, request) => {
  const filter = listFilter(request);
  if (Buffer.isBuffer(filter)) return session.replyError(filter);
  return session.replyLater(
    session.service.peers.listClients().then((clients) => {
      const lines = clients.filter((client) => isMeant(client, filter)).sort((a, b) => a.id - b.id);
      return bulkReply(Buffer.from(lines.map((client) => `${clientLine(client)}\n`).join(''), 'latin1'));
    }),
  );
};

function listFilter(request: RespRequest): ClientFilter | Buffer {
  if (request.argc === 2) return {};
  const option = request.word(2);
  if (option === 'TYPE' && request.argc === 4) return typeFilter(request.text(3));
  if (option !== 'ID' || request.argc < 4) return SYNTAX;
  const ids: number[] = [];
  for (let i = 3; i < request.argc; i++) {
    const value = toId(request.text(i));
    if (value === undefined) return errorReply('ERR Invalid client ID');
    ids.push(value);
  }
  return { ids };
}

function typeFilter(text: string): ClientFilter | Buffer {
  const type = text.toLowerCase();
  if (!['normal', 'master', 'primary', 'replica', 'slave', 'pubsub'].includes(type)) {
    return errorReply(`ERR Unknown client type '${text.slice(0, 128)}'`);
  }
  return { type };
}

function toId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

const kill: Shape = (session, request) => {
  const filter = request.argc === 3 ? { address: request.text(2) } : killFilter(request);
  if (Buffer.isBuffer(filter)) return session.replyError(filter);
  const isOldForm = request.argc === 3;
  // SKIPME is yes by default in the new form; the old form names one address, which may be the caller's own.
  const skipId = isOldForm || filter.skipsMe === false ? undefined : session.id;
  const wanted = skipId === undefined ? filter : { ...filter, exceptId: skipId };
  return session.replyLater(
    session.service.peers.killClients({ ...wanted, callerId: session.id }).then(({ killed, killsCaller }) => {
      if (killsCaller) session.endUnserved();
      if (!isOldForm) return integerReply(killed);
      return killed > 0 ? { type: 'simple', text: 'OK' } : { type: 'error', text: 'ERR No such client' };
    }),
  );
};

/** Options of CLIENT KILL, in pairs. */
function killFilter(request: RespRequest): (ClientFilter & { skipsMe?: boolean }) | Buffer {
  if (request.argc % 2 !== 0) return SYNTAX;
  const filter: { -readonly [K in keyof ClientFilter]: ClientFilter[K] } & { skipsMe?: boolean } = {};
  for (let i = 2; i < request.argc; i += 2) {
    const value = request.text(i + 1);
    switch (request.word(i)) {
      case 'ID': {
        const one = toId(value);
        if (one === undefined) return BAD_ID;
        filter.ids = [one];
        break;
      }
      case 'TYPE': {
        const type = typeFilter(value);
        if (Buffer.isBuffer(type)) return type;
        filter.type = type.type;
        break;
      }
      case 'ADDR':
        filter.address = value;
        break;
      case 'LADDR':
        filter.localAddress = value;
        break;
      case 'USER':
        if (value !== 'default') return errorReply(`ERR No such user '${value.slice(0, 128)}'`);
        break;
      case 'SKIPME':
        if (!/^(yes|no)$/i.test(value)) return SYNTAX;
        filter.skipsMe = value.toLowerCase() === 'yes';
        break;
      default:
        return SYNTAX;
    }
  }
  return filter;
}

/** The node of the client's keys ends the wait, and the client gets the node's answer. */
const unblock: Shape = (session, request) => {
  const reason = request.argc === 4 ? request.word(3) : 'TIMEOUT';
  if (request.argc > 4) return session.replyError(UNBLOCK_ARGUMENTS);
  if (reason !== 'TIMEOUT' && reason !== 'ERROR') return session.replyError(BAD_REASON);
  if (!/^(?:0|-?[1-9]\d{0,14})$/.test(request.text(2))) return session.replyError(NOT_INTEGER);
  const id = Number(request.text(2));
  return session.replyLater(session.service.peers.unblockClient({ id, reason }).then(integerReply));
};

/** Commands after REPLY OFF get no reply at all, not even an error; REPLY SKIP drops the next one's. */
const reply: Shape = (session, request) => {
  const mode = request.word(2);
  if (mode === 'ON') {
    session.replyMode = 'on';
    return session.replyBytes(okBytes);
  }
  if (mode === 'OFF') session.replyMode = 'off';
  else if (mode !== 'SKIP') return session.replyError(SYNTAX);
  else if (session.replyMode !== 'off') session.replyMode = 'skip-next';
  return Outcome.done;
};

function flagShape(set: (session: RespSession, isOn: boolean) => void): Shape {
  return (session, request) => {
    const value = request.word(2);
    if (value !== 'ON' && value !== 'OFF') return session.replyError(SYNTAX);
    set(session, value === 'ON');
    return session.replyBytes(okBytes);
  };
}

export const clientCommands: Readonly<Record<string, Shape>> = {
  'client|id': id,
  'client|getname': getName,
  'client|setname': setName,
  'client|setinfo': setInfo,
  'client|info': info,
  'client|list': list,
  'client|kill': kill,
  'client|unblock': unblock,
  'client|reply': reply,
  'client|no-evict': flagShape((session, isOn) => (session.isNoEvict = isOn)),
  'client|no-touch': flagShape((session, isOn) => (session.isNoTouch = isOn)),
};
