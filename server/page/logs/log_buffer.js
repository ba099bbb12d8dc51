// @ts-check
// The lines of a log that the page holds: a bounded number of them, in order.

/**
 * An event of the stream of output.
 *
 * @typedef {object} LogEvent
 * @property {string} type  "output", "gap", "end".
 * @property {any} data
 *
 * @typedef {object} Line
 * @property {"line"|"notice"} kind
 * @property {string} who  "web.2"; "" for a notice.
 * @property {number} instance  0 for a notice.
 * @property {number} at  When the server saw it, in milliseconds of the epoch.
 * @property {number} epoch  Lines are put in order of time between two notices only.
 * @property {string} raw  As the program wrote it.
 */

export const MAX_LINES = 5000;
const MAX_CHARS = 8 << 20;
// A line that comes in pieces ends here.
const MAX_LINE_CHARS = 256 << 10;
// The first lines come by instance: later ones of another may be older than this.
const LATE_MS = 2000;

// Sequences of terminals: CSI (colours, movements), OSC and other strings, two characters; then
// the control characters that are left.
const ESCAPES =
  // eslint-disable-next-line no-control-regex
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;

/**
 * The text without what only a terminal understands.
 *
 * @param {string} text
 */
export function stripEscapes(text) {
  return text.replace(ESCAPES, "");
}

/**
 * The expression of the server (RE2) for this browser; null if it does not understand it.
 *
 * @param {string} grep
 */
export function highlighter(grep) {
  if (!grep) return null;
  const [, flags = "", rest] = /^(?:\(\?([is]+)\))?([^]*)$/.exec(grep) ?? [];
  try {
    return new RegExp(rest, `gu${flags}`);
  } catch {
    return null;
  }
}

/**
 * The text in pieces that match in turn: "no", "yes", "no", ...
 *
 * @param {string} text
 * @param {RegExp|null} pattern  With the flag g.
 */
export function splitMatches(text, pattern) {
  const pieces = [];
  let end = 0;
  for (const match of pattern ? text.matchAll(pattern) : []) {
    if (!match[0]) continue;
    pieces.push(text.slice(end, match.index), match[0]);
    end = match.index + match[0].length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

/** @type {Record<string, string>} */
const GAPS = {
  slow: "this page read more slowly than the program writes",
  rotated: "the file was rotated twice before the server read it",
  truncated: "the program truncated its file",
  unknown:
    "the server does not know where this page was. The last lines follow, some perhaps again",
  too_far: "more was written than fits here. The last lines follow",
};

/**
 * A gap or the end of a stream in words.
 *
 * @param {LogEvent} event
 */
export function noticeOf({ type, data }) {
  if (type === "end") return "The end: the process was removed.";
  const whose = data.instance === null ? data.process : `${data.process}.${data.instance}`;
  const lines =
    typeof data.lines === "number"
      ? `${data.lines.toLocaleString("en-US")} lines of ${whose} are missing here`
      : `Lines of ${whose} may be missing here`;
  return `${lines}: ${GAPS[data.reason] ?? data.reason}.`;
}

/** @param {Line} a @param {Line} b */
function compare(a, b) {
  return a.epoch - b.epoch || a.at - b.at;
}

export class LogBuffer {
  constructor({ maxLines = MAX_LINES, maxChars = MAX_CHARS } = {}) {
    this.maxLines = maxLines;
    this.maxChars = maxChars;
    /** Those of the document. @type {Line[]} */
    this.lines = [];
    /** Those that wait for take(). @type {Line[]} */
    this.pending = [];
    this.pendingChars = 0;
    /** How many came since the last take(). */
    this.arrived = 0;
    /** How many of the pending ones are lost already. */
    this.skipped = 0;
    /** How many the document has lost, at its beginning. */
    this.dropped = 0;
    /** Lines of the document to which a piece was added. @type {Set<Line>} */
    this.grown = new Set();
    /** The last line of each instance, if it goes on. @type {Map<string, Line>} */
    this.open = new Map();
    this.epoch = 0;
  }

  /** @param {LogEvent[]} events */
  add(events) {
    for (const event of events) {
      if (event.type === "output") this.addOutput(event.data);
      else if (event.type === "gap" || event.type === "end") {
        this.open.clear();
        this.addNotice(noticeOf(event));
      }
    }
    // While the view stands still nobody takes them.
    if (this.pending.length > 2 * this.maxLines || this.pendingChars > 2 * this.maxChars) {
      this.trimPending();
    }
  }

  /** @param {any} data */
  addOutput(data) {
    const who = `${data.process}.${data.instance}`;
    const key = `${data.server} ${who}`;
    const open = this.open.get(key);
    if (open && open.raw.length < MAX_LINE_CHARS) {
      open.raw += data.line;
      this.pendingChars += data.line.length;
      this.grown.add(open);
      if (!data.partial) this.open.delete(key);
      return;
    }
    const at = Date.parse(data.seen_at);
    /** @type {Line} */
    const line = {
      kind: "line",
      who,
      instance: data.instance,
      at,
      epoch: this.epoch,
      raw: data.line,
    };
    this.pending.push(line);
    this.pendingChars += line.raw.length;
    ++this.arrived;
    if (data.partial) this.open.set(key, line);
    else this.open.delete(key);
  }

  /** @param {string} text */
  addNotice(text) {
    this.pending.push({
      kind: "notice",
      who: "",
      instance: 0,
      at: 0,
      epoch: ++this.epoch,
      raw: text,
    });
  }

  trimPending() {
    this.pending.sort(compare);
    const excess = excessOf(this.pending, this.maxLines, this.maxChars);
    this.pendingChars = Math.min(this.pendingChars, this.maxChars);
    this.pending.splice(0, excess);
    this.skipped += excess;
  }

  /**
   * Moves the lines that wait to those of the document.
   *
   * @returns {{added: Line[], removed: number, isReordered: boolean, grown: Line[]}}
   *   `removed`: from the beginning, before `added` come to the end. If `isReordered`, all lines
   *   must be shown anew.
   */
  take() {
    this.trimPending();
    const added = this.pending;
    this.dropped += this.skipped;
    const last = this.lines.at(-1);
    const first = added[0];
    const isReordered =
      last !== undefined &&
      first !== undefined &&
      first.kind === "line" &&
      first.epoch === last.epoch &&
      first.at < last.at - LATE_MS;
    const before = this.lines.length;
    const all = this.lines.concat(added);
    if (isReordered) all.sort(compare);
    const excess = excessOf(all, this.maxLines, this.maxChars);
    this.lines = all.slice(excess);
    this.dropped += excess;
    const grown = [...this.grown];
    this.pending = [];
    this.pendingChars = 0;
    this.arrived = 0;
    this.skipped = 0;
    this.grown = new Set();
    return {
      added: isReordered ? this.lines : added.slice(Math.max(0, excess - before)),
      removed: Math.min(excess, before),
      isReordered,
      grown,
    };
  }

  /** The text of the document's lines. @param {boolean} hasNames  With the names of instances. */
  text(hasNames) {
    return this.lines
      .map(({ who, raw }) => (hasNames && who ? `${who} | ` : "") + stripEscapes(raw))
      .join("\n");
  }
}

/**
 * How many lines at the beginning are too many.
 *
 * @param {Line[]} lines
 * @param {number} maxLines
 * @param {number} maxChars
 */
function excessOf(lines, maxLines, maxChars) {
  let chars = 0;
  let n = 0;
  while (n < lines.length && n < maxLines) {
    chars += lines[lines.length - 1 - n].raw.length;
    if (chars > maxChars && n > 0) break;
    ++n;
  }
  return lines.length - n;
}
