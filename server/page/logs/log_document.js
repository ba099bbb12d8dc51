// @ts-check
// The lines of a log in the document. They are made and removed by hand: comparing thousands of
// lines in each frame, as components do, would cost more than the log.

import { exactTime } from "../format.js";
import { LogBuffer, splitMatches, stripEscapes } from "./log_buffer.js";

// Matches are marked in texts of up to so many characters: expressions of browsers can be slow.
const MAX_MARKED = 4096;
// Instances share so many colours; their names are beside the lines.
const COLOURS = 6;
// A fast log changes the document no more often than people can see. Milliseconds.
const PAUSE_MS = 100;
// Lines in one child. Those outside of the view cost neither layout nor painting.
const CHUNK = 100;
// Nearer to the end than this is the end. Pixels.
const END_PX = 2;

/** @param {number} n @param {number} digits */
function pad(n, digits) {
  return String(n).padStart(digits, "0");
}

/** "14:03:12.512" @param {number} at */
function clockTime(at) {
  const t = new Date(at);
  return `${pad(t.getHours(), 2)}:${pad(t.getMinutes(), 2)}:${pad(t.getSeconds(), 2)}.${pad(t.getMilliseconds(), 3)}`;
}

/**
 * @typedef {object} LogStatus
 * @property {boolean} isFollowing
 * @property {number} arrived  Lines that came since the view stands still.
 * @property {number} count  Lines in the document.
 * @property {number} dropped  Lines that the document has lost at its beginning.
 * @property {number[]} instances  All that have been seen.
 */

export class LogDocument {
  /**
   * @param {HTMLElement} element  Scrolls, and gets children with the lines.
   * @param {(status: LogStatus) => void} onStatus
   */
  constructor(element, onStatus) {
    this.element = element;
    this.onStatus = onStatus;
    this.buffer = new LogBuffer();
    /** @type {WeakMap<import("./log_buffer.js").Line, HTMLElement>} */
    this.texts = new WeakMap();
    /** @type {RegExp|null} */
    this.pattern = null;
    this.isFollowing = true;
    this.frame = 0;
    this.flushedAt = 0;
    this.lastTop = 0;
    /** @type {Set<number>} */
    this.instances = new Set();
    element.addEventListener("scroll", () => this.onScroll(), { passive: true });
    this.resizes = new ResizeObserver(() => this.stick());
    this.resizes.observe(element);
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.resizes.disconnect();
  }

  /** @param {RegExp|null} pattern  What is marked in lines to come. */
  clear(pattern) {
    this.pattern = pattern;
    this.buffer = new LogBuffer();
    this.instances.clear();
    this.resizes.disconnect();
    this.resizes.observe(this.element);
    this.element.replaceChildren();
    this.follow(true);
  }

  /** @param {import("./log_buffer.js").LogEvent[]} events */
  add(events) {
    this.buffer.add(events);
    for (const { type, data } of events) if (type === "output") this.instances.add(data.instance);
    this.schedule();
  }

  /** @param {string} text */
  addNotice(text) {
    this.buffer.addNotice(text);
    this.schedule();
  }

  /** @param {boolean} isFollowing */
  follow(isFollowing) {
    this.isFollowing = isFollowing;
    this.flushedAt = 0;
    this.schedule();
  }

  schedule() {
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      if (now < this.flushedAt + PAUSE_MS) this.schedule();
      else {
        this.flushedAt = now;
        this.flush();
      }
    });
  }

  flush() {
    const { buffer, element } = this;
    // While the view stands still nothing below the eyes moves: new lines wait.
    if (this.isFollowing) {
      const { added, removed, isReordered, grown } = buffer.take();
      for (const line of grown) {
        const text = this.texts.get(line);
        if (text) this.fill(text, line);
      }
      if (isReordered) element.replaceChildren();
      else this.remove(removed);
      this.append(added);
      this.stick();
    }
    this.onStatus({
      isFollowing: this.isFollowing,
      arrived: buffer.arrived,
      count: buffer.lines.length,
      dropped: buffer.dropped,
      instances: [...this.instances],
    });
  }

  /** @param {number} count  Of lines at the beginning. */
  remove(count) {
    const range = document.createRange();
    for (let left = count; left > 0;) {
      const chunk = /** @type {HTMLElement} */ (this.element.firstElementChild);
      const lines = chunk.childElementCount;
      if (lines <= left) {
        this.resizes.unobserve(chunk);
        chunk.remove();
      } else {
        range.setStart(chunk, 0);
        range.setEnd(chunk, left);
        range.deleteContents();
      }
      left -= lines;
    }
  }

  /** @param {import("./log_buffer.js").Line[]} lines */
  append(lines) {
    let chunk = this.element.lastElementChild;
    for (const line of lines) {
      if (!chunk || chunk.childElementCount >= CHUNK) {
        chunk = document.createElement("div");
        this.element.append(chunk);
        this.resizes.observe(chunk);
      }
      chunk.append(this.render(line));
    }
  }

  stick() {
    if (!this.isFollowing) return;
    this.element.scrollTop = this.element.scrollHeight;
    this.lastTop = this.element.scrollTop;
  }

  onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const isUp = scrollTop < this.lastTop - 1;
    const isAtEnd = scrollHeight - scrollTop - clientHeight <= END_PX;
    this.lastTop = scrollTop;
    if (this.isFollowing && isUp && !isAtEnd) this.follow(false);
    else if (!this.isFollowing && isAtEnd && !isUp) this.follow(true);
  }

  /** @param {import("./log_buffer.js").Line} line */
  render(line) {
    const row = document.createElement("div");
    if (line.kind === "notice") {
      row.className = "log-notice";
      row.dir = "auto";
      row.textContent = line.raw;
      return row;
    }
    const time = document.createElement("span");
    time.className = "log-time";
    time.title = `Written at or before ${exactTime(line.at)}`;
    time.textContent = `${clockTime(line.at)} `;
    const who = document.createElement("span");
    who.className = `log-who c${line.instance % COLOURS}`;
    who.textContent = `${line.who} `;
    const text = document.createElement("span");
    text.dir = "auto";
    this.fill(text, line);
    this.texts.set(line, text);
    row.append(time, who, text);
    return row;
  }

  /**
   * @param {HTMLElement} element
   * @param {import("./log_buffer.js").Line} line
   */
  fill(element, line) {
    const text = stripEscapes(line.raw);
    if (!this.pattern || text.length > MAX_MARKED) {
      element.textContent = text;
      return;
    }
    const pieces = splitMatches(text, this.pattern).map((piece, i) => {
      if (i % 2 === 0) return piece;
      const mark = document.createElement("mark");
      mark.textContent = piece;
      return mark;
    });
    element.replaceChildren(...pieces);
  }
}
