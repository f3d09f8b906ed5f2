/**
 * One memcached command line, split and checked: which command, where its keys, flags and noreply are, how long its data
 * block is. McRequestFramer extends it with finding the line and the data in a stream.
 * The checks, their order and their texts are those of memcached 1.6.18: whatever passes here, the backend frames alike,
 * so that no client can make a shared backend connection read data as commands. What memcached refuses without
 * losing its place (an unknown meta flag, say) is left to it.
 * No allocation per line, but for `args` growing to the longest line seen, bounded by `keysMax`.
 */
import type { Buffer } from 'node:buffer';
import { decodeBase64Key } from './base64-key.js';
import { type McCommand, type McCommandId, MC_COMMANDS, Mc, lookUpCommand } from './commands.js';
import { isSigned64, isUnsigned64, readLength } from './numbers.js';
import { McError, clientError } from './replies.js';

export interface McRequestLimits {
  /** Longest key, as sent (a base64 key before decoding). memcached's is 250. */
  readonly keyBytesMax: number;
  /** Longest data block; a longer one is read and thrown away. memcached's is 1 MiB less its item header. */
  readonly valueBytesMax: number;
  /** Longest line without its line end, but for get and gets. memcached's is 2048. */
  readonly lineBytesMax: number;
  /** Longest get or gets line. memcached has no limit. */
  readonly retrievalLineBytesMax: number;
  /** Most keys of one get, gets, gat or gats. memcached has no limit. */
  readonly keysMax: number;
}

export const MC_REQUEST_LIMITS: McRequestLimits = {
  keyBytesMax: 250,
  valueBytesMax: 1_048_576,
  lineBytesMax: 2048,
  retrievalLineBytesMax: 1_048_576,
  keysMax: 16_384,
};

/** memcached counts the command, the key, the flags and one end token against its limit of 20. */
const META_ARGS_MAX = 19;
/** memcached splits no further than this into arguments, which shows only where it looks at the last one. */
const LAST_ARG_MAX = 23;
const ARGS_START_CAPACITY = 64;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const LETTER_B = 98;
const ZERO = 48;
const HTTP = Uint8Array.from('HTTP/', (char) => char.charCodeAt(0));
const NOREPLY = Uint8Array.from('noreply', (char) => char.charCodeAt(0));
/** First letters under which memcached looks at no other command, and so not for HTTP either: a c d g i s t. */
const CLOSED_LETTERS = new Set([97, 99, 100, 103, 105, 115, 116]);

/** The bit of a meta flag in `lowerFlags` or `upperFlags`; letters differ from their case in bit 5 only. */
const flagBit = (flag: number): number => 1 << ((flag & 31) - 1);
const BIT_N = flagBit(78);
const BITS_NRT = BIT_N | flagBit(82) | flagBit(84);
const BIT_Q = flagBit(113);

export class McRequestLine {
  command: McCommandId = Mc.unknown;
  /** Offsets of all arguments as pairs start, end; argument 0 is the command name. Valid up to 2 * argCount. */
  args: Int32Array = new Int32Array(2 * ARGS_START_CAPACITY);
  argCount = 0;
  /** Index of the first key among the arguments. */
  firstKey = 0;
  keyCount = 0;
  /** Meta commands: index of the first flag among the arguments. */
  firstFlag = 0;
  /** Meta commands: bit 0 is flag a (or A), bit 25 is z (or Z). See hasFlag. */
  lowerFlags = 0;
  upperFlags = 0;
  /** Classic: the last argument is `noreply`, so the backend answers nothing at all. */
  noreply = false;
  /** Meta flag q: the backend does not answer a miss of mg, or a success of ms, md and ma. */
  quiet = false;
  /** Length of the data block without its line end, or -1 for a command that has none. */
  valueLength = -1;
  /** Meta flag b: length of the key in `decodedKey`, by which it routes. 0: by its own bytes, as sent. */
  decodedKeyLength = 0;
  readonly decodedKey: Uint8Array;

  /** After an error: what to send the client. Empty when memcached stays silent, because of noreply for one. */
  errorReply: Buffer = McError.none;
  /** After an error: the connection must be closed, and no more read from it. */
  fatal = false;
  /**
   * After an error: a data block was not where the line said, or the line failed before its length was known, so what
   * follows may be data, not commands. memcached reads on; a proxy that wants to be safe closes after the error.
   */
  inDoubt = false;
  /** After an error: bytes after the line that belong to the refused request. The framer skips them itself. */
  swallowBytes = 0;

  protected readonly limits: McRequestLimits;
  readonly #argsMax: number;
  readonly #tooManyKeys: Buffer;
  readonly #unsafeKey: Buffer;

  constructor(limits: McRequestLimits) {
    this.limits = limits;
    this.decodedKey = new Uint8Array(limits.keyBytesMax);
    // A line that may not be long still has room for lineBytesMax / 2 arguments.
    this.#argsMax = Math.max(limits.keysMax + 2, (limits.lineBytesMax >> 1) + 2);
    this.#tooManyKeys = clientError(`more than ${limits.keysMax} keys in one request`);
    this.#unsafeKey = clientError('a key with a line feed cannot be created by flag N');
  }

  /** Whether a meta request has the flag with this character code. */
  hasFlag(flag: number): boolean {
    return ((flag < 97 ? this.upperFlags : this.lowerFlags) & flagBit(flag)) !== 0;
  }

  /** Whether the request changes data; of mg, only one that may create, touch or win a refresh. */
  get isWrite(): boolean {
    return MC_COMMANDS[this.command]!.isWrite || (this.command === Mc.mg && (this.upperFlags & BITS_NRT) !== 0);
  }

  /**
   * Splits the line that begins at `pos` into `args`, in one pass over its bytes. A NUL ends the arguments, not the line.
   * @returns the offset of its line feed, or -1 when there is none before `end`.
   */
  protected splitLine(buf: Uint8Array, pos: number, end: number): number {
    let count = 0;
    let start = -1;
    let cut = false;
    for (let i = pos; i < end; i++) {
      let byte = buf[i]!;
      if (byte > SPACE) {
        if (start < 0 && !cut) start = i;
        // The bulk of a line, and one comparison for each byte of it.
        do i++;
        while (i < end && buf[i]! > SPACE);
        if (i === end) return -1;
        byte = buf[i]!;
      }
      if (byte === SPACE || byte === 0) {
        if (start >= 0) this.#addArg(count++, start, i);
        start = -1;
        cut ||= byte === 0;
      } else if (byte === LINE_FEED) {
        const stop = buf[i - 1] === CARRIAGE_RETURN ? i - 1 : i;
        if (start >= 0 && start < stop) this.#addArg(count++, start, stop);
        this.argCount = count;
        return i;
      } else if (start < 0 && !cut) start = i;
    }
    return -1;
  }

  #addArg(index: number, start: number, end: number): void {
    const at = 2 * index;
    if (at >= this.args.length) {
      if (index >= this.#argsMax) return;
      const grown = new Int32Array(2 * this.args.length);
      grown.set(this.args);
      this.args = grown;
    }
    this.args[at] = start;
    this.args[at + 1] = end;
  }

  /** Checks the split line. False: the error fields say why. */
  protected checkLine(buf: Uint8Array): boolean {
    this.#clear();
    if (this.argCount === 0) return this.refuse(McError.unknownCommand);
    this.command = lookUpCommand(buf, this.args[0]!, this.args[1]!);
    if (this.command === Mc.unknown) return this.#refuseUnknown(buf);
    const command = MC_COMMANDS[this.command]!;
    if (this.argCount < command.argsMin || (command.argsMax !== 0 && this.argCount > command.argsMax)) {
      this.inDoubt = command.form === 'storage';
      return this.refuse(McError.unknownCommand);
    }
    switch (command.form) {
      case 'retrieval':
        return this.#checkKeys(1);
      case 'retrieval-touch':
        return this.#isSigned(buf, 1) ? this.#checkKeys(2) : this.refuse(McError.badExptime);
      case 'storage':
        return this.#checkStorage(buf);
      case 'meta':
        return this.command === Mc.ms ? this.#checkMetaSet(buf) : this.#checkMeta(buf);
      case 'delete':
        return this.#checkDelete(buf);
      case 'arithmetic':
      case 'touch':
        return this.#checkNumbered(buf, command);
      case 'other':
        return this.#checkOther(buf, command);
      default:
        return command.form satisfies never;
    }
  }

  #clear(): void {
    this.command = Mc.unknown;
    this.firstKey = 0;
    this.keyCount = 0;
    this.firstFlag = 0;
    this.lowerFlags = 0;
    this.upperFlags = 0;
    this.noreply = false;
    this.quiet = false;
    this.valueLength = -1;
    this.decodedKeyLength = 0;
    this.errorReply = McError.none;
    this.inDoubt = false;
    this.swallowBytes = 0;
  }

  /** Records an error, of which noreply hides the text; returns false for the caller to return. */
  protected refuse(reply: Buffer): false {
    this.errorReply = this.noreply ? McError.none : reply;
    return false;
  }

  /** Refuses a request whose data block of `valueLength` bytes and its line end are to be thrown away. */
  #refuseData(reply: Buffer): false {
    this.swallowBytes = this.valueLength + 2;
    this.valueLength = -1;
    return this.refuse(reply);
  }

  #refuseUnknown(buf: Uint8Array): false {
    const start = this.args[0]!;
    const length = this.args[1]! - start;
    if (length > 1 && !CLOSED_LETTERS.has(buf[start]!) && !(buf[start] === 109 && length === 2)) {
      const last = Math.min(this.argCount, LAST_ARG_MAX) - 1;
      if (this.#argBegins(buf, last, HTTP)) {
        this.fatal = true;
        return this.refuse(McError.none);
      }
    }
    return this.refuse(McError.unknownCommand);
  }

  #argBegins(buf: Uint8Array, index: number, text: Uint8Array): boolean {
    const start = this.args[2 * index]!;
    if (this.args[2 * index + 1]! - start < text.length) return false;
    for (let i = 0; i < text.length; i++) if (buf[start + i] !== text[i]) return false;
    return true;
  }

  #argLength(index: number): number {
    return this.args[2 * index + 1]! - this.args[2 * index]!;
  }

  #isSigned(buf: Uint8Array, index: number): boolean {
    return isSigned64(buf, this.args[2 * index]!, this.args[2 * index + 1]!);
  }

  #isUnsigned(buf: Uint8Array, index: number): boolean {
    return isUnsigned64(buf, this.args[2 * index]!, this.args[2 * index + 1]!);
  }

  #readNoreply(buf: Uint8Array): void {
    const last = this.argCount - 1;
    this.noreply = this.#argLength(last) === NOREPLY.length && this.#argBegins(buf, last, NOREPLY);
  }

  #checkKeys(first: number): boolean {
    const count = this.argCount - first;
    if (count > this.limits.keysMax) return this.refuse(this.#tooManyKeys);
    for (let i = first; i < this.argCount; i++) {
      if (this.#argLength(i) > this.limits.keyBytesMax) return this.refuse(McError.badFormat);
    }
    this.firstKey = first;
    this.keyCount = count;
    return true;
  }

  /** The key of a command that has one, as its first argument. */
  #checkKey(): boolean {
    this.firstKey = 1;
    this.keyCount = 1;
    return this.#argLength(1) <= this.limits.keyBytesMax;
  }

  #checkStorage(buf: Uint8Array): boolean {
    this.#readNoreply(buf);
    const isSound =
      this.#checkKey() &&
      this.#isUnsigned(buf, 2) &&
      this.#isSigned(buf, 3) &&
      (this.command !== Mc.cas || this.#isUnsigned(buf, 5));
    const length = isSound ? readLength(buf, this.args[8]!, this.args[9]!) : -1;
    if (length < 0) {
      this.inDoubt = true;
      return this.refuse(McError.badFormat);
    }
    this.valueLength = length;
    return length <= this.limits.valueBytesMax || this.#refuseData(McError.objectTooLarge);
  }

  #checkNumbered(buf: Uint8Array, command: McCommand): boolean {
    this.#readNoreply(buf);
    if (!this.#checkKey()) return this.refuse(McError.badFormat);
    if (command.form === 'touch') return this.#isSigned(buf, 2) || this.refuse(McError.badExptime);
    return this.#isUnsigned(buf, 2) || this.refuse(McError.badDelta);
  }

  /** `delete k`, with an optional 0 that once was a time, and an optional noreply. */
  #checkDelete(buf: Uint8Array): boolean {
    if (this.argCount > 2) {
      this.#readNoreply(buf);
      const holdIsZero = this.#argLength(2) === 1 && buf[this.args[4]!] === ZERO;
      const isSound = this.argCount === 3 ? holdIsZero || this.noreply : holdIsZero && this.noreply;
      if (!isSound) return this.refuse(McError.deleteUsage);
    }
    return this.#checkKey() || this.refuse(McError.badFormat);
  }

  #checkOther(buf: Uint8Array, command: McCommand): boolean {
    if (command.takesNoreply) this.#readNoreply(buf);
    if (command.id === Mc.verbosity) return this.#isUnsigned(buf, 1) || this.refuse(McError.badFormat);
    if (command.id === Mc.flushAll && this.argCount !== (this.noreply ? 2 : 1)) {
      return this.#isSigned(buf, 1) || this.refuse(McError.badExptime);
    }
    return true;
  }

  #checkMetaSet(buf: Uint8Array): boolean {
    this.inDoubt = true;
    if (!this.#checkKey() || this.argCount === 2) return this.refuse(McError.badFormat);
    if (this.argCount > META_ARGS_MAX) return this.refuse(McError.tooManyFlags);
    const length = readLength(buf, this.args[4]!, this.args[5]!);
    if (length < 0) return this.refuse(McError.badFormat);
    this.inDoubt = false;
    this.valueLength = length;
    this.#readFlags(buf, 3);
    return length <= this.limits.valueBytesMax || this.#refuseData(McError.objectTooLarge);
  }

  #checkMeta(buf: Uint8Array): boolean {
    if (this.argCount < 2 || !this.#checkKey()) return this.refuse(McError.badFormat);
    if (this.command === Mc.me) return this.#checkMetaDebug(buf);
    const isGet = this.command === Mc.mg;
    if (this.argCount > META_ARGS_MAX) return this.refuse(isGet ? McError.tooManyFlagsGet : McError.tooManyFlags);
    this.#readFlags(buf, 2);
    // memcached 1.6.18 forgets that an item made by N has a binary key, and later answers `k` with its raw bytes: a line
    // feed in them would end the reply line, and the rest of the key would be read as the next client's reply.
    const isUnsafe = this.command !== Mc.md && (this.upperFlags & BIT_N) !== 0 && this.decodedKeyLength > 0;
    return !isUnsafe || !this.#decodedKeyHasLineFeed() || this.refuse(this.#unsafeKey);
  }

  /** `me` takes one flag, a lone b in the first place, and ignores the rest. */
  #checkMetaDebug(buf: Uint8Array): boolean {
    this.firstFlag = 2;
    if (this.argCount < 3 || this.#argLength(2) !== 1 || buf[this.args[4]!] !== LETTER_B) return true;
    this.lowerFlags = flagBit(LETTER_B);
    this.#decodeKey(buf);
    return true;
  }

  /** Notes which flags there are, and decodes the key of flag b. */
  #readFlags(buf: Uint8Array, first: number): void {
    this.firstFlag = first;
    for (let i = first; i < this.argCount; i++) {
      const flag = buf[this.args[2 * i]!]!;
      if (flag > 96 && flag < 123) this.lowerFlags |= flagBit(flag);
      else if (flag > 64 && flag < 91) this.upperFlags |= flagBit(flag);
    }
    this.quiet = (this.lowerFlags & BIT_Q) !== 0;
    if ((this.lowerFlags & flagBit(LETTER_B)) !== 0) this.#decodeKey(buf);
  }

  /** A key that is no base64 stays as it is, and any node will refuse it with memcached's text. */
  #decodeKey(buf: Uint8Array): void {
    this.decodedKeyLength = decodeBase64Key(buf, this.args[2]!, this.args[3]!, this.decodedKey);
  }

  #decodedKeyHasLineFeed(): boolean {
    for (let i = 0; i < this.decodedKeyLength; i++) if (this.decodedKey[i] === LINE_FEED) return true;
    return false;
  }
}
