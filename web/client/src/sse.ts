// Reads `text/event-stream` as bytes come in, cut anywhere: HTML Living Standard §9.2.5 and §9.2.6.
//
// Pure: no network, no clock. What the end of the stream cuts off is no event.

/** Longest line, and longest data of one event, in UTF-16 units: well above the gateway's largest frame. */
export const MAX_CHARS = 4 * 1024 * 1024;

/** An event as it was dispatched. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
  /** The last id seen up to it; an event without one keeps that before. */
  readonly id: string;
}

/** One stream's reader. */
export class EventReader {
  /** The wait before coming back that the server asked for last, in ms. */
  retryMs = 0;
  /** The id to come back with. */
  lastId = '';
  #decoder = new TextDecoder();
  #afterCr = false;
  #line = '';
  #id = '';
  #name = '';
  #data = '';

  /**
   * Takes the next bytes and gives each whole event to `dispatch`, in order.
   * Throws a RangeError when a line or an event is longer than `MAX_CHARS`: the stream is then of no use.
   */
  push(bytes: Uint8Array, dispatch: (event: ServerEvent) => void): void {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return;
    if (this.#afterCr && text.startsWith('\n')) text = text.slice(1);
    this.#afterCr = text.endsWith('\r');
    let from = 0;
    for (const end of text.matchAll(/\r\n?|\n/g)) {
      const line = this.#line + text.slice(from, end.index);
      this.#line = '';
      from = end.index + end[0].length;
      this.#take(line, dispatch);
    }
    this.#line += text.slice(from);
    if (this.#line.length + this.#data.length > MAX_CHARS) throw new RangeError('an event is too long');
  }

  #take(line: string, dispatch: (event: ServerEvent) => void): void {
    if (line === '') return this.#end(dispatch);
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'data') this.#data += `${value}\n`;
    else if (field === 'event') this.#name = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
  }

  #end(dispatch: (event: ServerEvent) => void): void {
    const [name, data] = [this.#name || 'message', this.#data];
    this.lastId = this.#id;
    this.#name = this.#data = '';
    if (data !== '') dispatch({ name, data: data.slice(0, -1), id: this.#id });
  }
}
