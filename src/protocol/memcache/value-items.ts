/**
 * Walks over the VALUE items of one whole reply to get, gets, gat or gats, as offsets into it. Used where replies of
 * several nodes are merged, and where a CAS value must be found. The reply must have passed McReplyFramer: its lengths are
 * trusted here. No allocation per item.
 */
import { readLength } from './numbers.js';

const SPACE = 32;
const LETTER_V = 86;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const VALUE_WORD_LENGTH = 'VALUE '.length;

export class McValueItems {
  /** The item as sent, from VALUE to the line end behind its data. */
  itemStart = 0;
  itemEnd = 0;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** The CAS value of gets and gats; equal offsets when there is none. */
  casStart = 0;
  casEnd = 0;

  /** Reads the item at `at`. False: there is none, the reply's END or error line stands there, or it has ended. */
  read(buf: Uint8Array, at: number, end: number): boolean {
    // END and the error words begin with other letters.
    if (at >= end || buf[at] !== LETTER_V) return false;
    this.itemStart = at;
    this.keyStart = at + VALUE_WORD_LENGTH;
    this.keyEnd = this.#wordEnd(buf, this.keyStart);
    const flagsEnd = this.#wordEnd(buf, this.keyEnd + 1);
    const lengthEnd = this.#wordEnd(buf, flagsEnd + 1);
    this.casStart = buf[lengthEnd] === SPACE ? lengthEnd + 1 : lengthEnd;
    this.casEnd = this.#wordEnd(buf, this.casStart);
    this.valueStart = this.casEnd;
    while (buf[this.valueStart] !== LINE_FEED) this.valueStart++;
    this.valueStart++;
    this.valueEnd = this.valueStart + readLength(buf, flagsEnd + 1, lengthEnd);
    this.itemEnd = this.valueEnd + 2;
    return true;
  }

  /** A key may hold a CR; only CR LF ends the line. */
  #wordEnd(buf: Uint8Array, start: number): number {
    let at = start;
    while (buf[at] !== SPACE && !(buf[at] === CARRIAGE_RETURN && buf[at + 1] === LINE_FEED)) at++;
    return at;
  }
}
