// @ts-check
// Server-sent events from bytes: the parser of
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

/**
 * @typedef {object} ServerEvent
 * @property {string} type  "message" if the stream names none.
 * @property {string} data
 * @property {string} id  The last id so far.
 */

export class EventParser {
  constructor() {
    this.decoder = new TextDecoder();
    this.rest = "";
    this.type = "";
    /** @type {string[]} */
    this.data = [];
    this.lastId = "";
    /** Milliseconds to wait before a reconnection; 0: the stream does not say. */
    this.retry = 0;
  }

  /**
   * The events that these bytes complete.
   *
   * @param {Uint8Array} bytes
   * @returns {ServerEvent[]}
   */
  push(bytes) {
    /** @type {ServerEvent[]} */
    const events = [];
    const text = this.rest + this.decoder.decode(bytes, { stream: true });
    let begin = 0;
    for (;;) {
      const end = text.indexOf("\n", begin);
      if (end < 0) break;
      const line = text.slice(begin, text[end - 1] === "\r" && end > begin ? end - 1 : end);
      begin = end + 1;
      const event = this.line(line);
      if (event) events.push(event);
    }
    this.rest = text.slice(begin);
    return events;
  }

  /**
   * @param {string} line
   * @returns {ServerEvent|null}
   */
  line(line) {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null; // A comment.
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") this.type = value;
    if (field === "data") this.data.push(value);
    if (field === "id" && !value.includes("\0")) this.lastId = value;
    if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return null;
  }

  /** @returns {ServerEvent|null} */
  dispatch() {
    const { type, data } = this;
    this.type = "";
    this.data = [];
    if (data.length === 0) return null;
    return { type: type || "message", data: data.join("\n"), id: this.lastId };
  }
}
