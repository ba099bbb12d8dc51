// @ts-check
// Events in sentences, and the rows of their list: newest first, each id once.

/**
 * An event of the audit log.
 *
 * @typedef {object} ActivityEvent
 * @property {number} id
 * @property {string} time
 * @property {string} event  The kind.
 * @property {string|null} stack_uid
 * @property {string|null} process
 * @property {number|null} instance
 * @property {number|null} pid
 * @property {string|null} cause
 * @property {number|null} action_id
 * @property {string|null} user  The name of the token.
 *
 * @typedef {"good"|"warn"|"bad"|"idle"|"busy"} Tone
 */

/**
 * The groups of the filter, and the kinds in them with their names and what follows the subject
 * of the sentence; "%" is the cause.
 *
 * @type {Record<string, {label: string, kinds: Record<string, [label: string, text: string, tone: Tone]>}>}
 */
export const GROUPS = {
  instances: {
    label: "Instances",
    kinds: {
      started: ["Started", "started", "good"],
      restarted: ["Restarted", "started again: %", "good"],
      exited: ["Exited", "%", "bad"],
      start_failed: ["Start failed", "could not start: %", "bad"],
      crash_looping: ["Crash-looping", "is crash-looping: it %", "bad"],
      stopping: ["Stopping", "is asked to stop: %", "busy"],
      stopped: ["Stopped", "stopped: %", "idle"],
      paused: ["Paused", "paused: %", "idle"],
      resumed: ["Resumed", "goes on: %", "good"],
      signalled: ["Signalled", "gets the signal %", "busy"],
      adopted: ["Adopted", "runs on: %", "good"],
      lost: ["Lost", "%", "bad"],
    },
  },
  actions: {
    label: "Actions",
    kinds: {
      action_started: ["Action started", "began: %", "busy"],
      action_finished: ["Action finished", "failed: %", "bad"],
    },
  },
  stacks: {
    label: "Stacks",
    kinds: {
      stack_created: ["Stack created", "was created", "good"],
      stack_replaced: ["Stack changed", "was changed: %", "busy"],
      stack_deleted: ["Stack removed", "was removed", "idle"],
      keeper_lost: ["Keeper lost", "lost the keeper of instances: %", "bad"],
    },
  },
  tokens: {
    label: "Tokens",
    kinds: {
      token_created: ["Token created", "was created", "good"],
      token_revoked: ["Token revoked", "was revoked", "idle"],
    },
  },
  sessions: {
    label: "Sessions",
    kinds: {
      session_created: ["Session began", "began: %", "good"],
      session_ended: ["Session ended", "ended: %", "idle"],
    },
  },
  webhooks: {
    label: "Webhooks",
    kinds: {
      webhook_created: ["Webhook created", "was created", "good"],
      webhook_deleted: ["Webhook removed", "was removed", "idle"],
      webhook_delivered: ["Delivered", "delivered: %", "good"],
      webhook_failed: ["Delivery failed", "failed and tries again: %", "warn"],
      webhook_given_up: ["Given up", "gave up: %", "bad"],
    },
  },
};

/** @type {Record<string, [label: string, text: string, tone: Tone]>} */
const KINDS = Object.assign({}, ...Object.values(GROUPS).map(({ kinds }) => kinds));

/**
 * The kinds that a filter asks the server for; "": all.
 *
 * @param {string} filter  "", "problems", a group, or kinds with commas between them.
 */
export function kindsOf(filter) {
  if (filter === "problems") {
    return [...Object.keys(KINDS).filter((kind) => /bad|warn/.test(KINDS[kind][2]))].join();
  }
  return GROUPS[filter] ? Object.keys(GROUPS[filter].kinds).join() : filter;
}

/**
 * An event in words: `subject` and `text` make the sentence.
 *
 * @param {ActivityEvent} event
 * @param {string} [wanted]  Of the end of an action: the cause of its beginning.
 * @returns {{subject: string, text: string, tone: Tone}}
 */
export function sentenceOf(event, wanted = "") {
  const cause = event.cause ?? "";
  let [, text, tone] = KINDS[event.event] ?? ["", `${event.event}: %`, "idle"];
  let detail = cause;
  let subject = "The server";
  if (event.process) {
    subject = event.instance ? `${event.process}.${event.instance}` : event.process;
  } else if (event.action_id && event.event.startsWith("action_")) {
    subject = `Action ${event.action_id}`;
  } else if (/^(token|session|webhook)_/.test(event.event)) {
    // token 2, "reader"  or  session 3 of token 2, "reader": signed out
    const parts = /^(\w)([\w ]+), ("(?:[^"\\]|\\.)*")(?:: )?([^]*)$/.exec(cause);
    if (parts) {
      subject = `${parts[1].toUpperCase()}${parts[2]} ${parts[3]}`;
      detail = parts[4];
    } else subject = cause;
  } else if (event.event.startsWith("stack_")) {
    subject = event.event === "stack_replaced" ? "The stack" : `The stack ${cause}`;
  }
  if (event.event === "action_finished" && cause === "succeeded") {
    text = cause;
    tone = "good";
  }
  if (event.event === "action_finished" && wanted) subject += ` (${wanted})`;
  // "killed by signal 9"
  if (detail.startsWith("killed")) detail = `was ${detail}`;
  if (event.event === "restarted" && /^(exited|was killed|ended)/.test(detail)) {
    text = "started again after it %";
  }
  if (event.event === "exited" && / code 0$/.test(cause)) tone = "idle";
  if (event.event === "started" && cause && cause !== "wanted") text = `${text}: %`;
  const filled = text.replace("%", () => detail).replace(/: $/, "");
  return { subject, text: filled, tone };
}

/**
 * The sentence as a text.
 *
 * @param {ActivityEvent} event
 */
export function plainSentence(event) {
  const { subject, text } = sentenceOf(event);
  return `${subject} ${text}`;
}

/**
 * A place where events may be missing.
 *
 * @typedef {object} GapRow
 * @property {number} id  Between those of its neighbours.
 * @property {string} gap  The reason in words.
 *
 * @typedef {ActivityEvent|GapRow} Row
 */

export const MAX_ROWS = 1000;
export const PAGE = 100;

/**
 * Both in one list; of rows with one id the first list's stays.
 *
 * @param {Row[]} rows
 * @param {Row[]} more
 */
export function mergeRows(rows, more) {
  const ids = new Set(rows.map(({ id }) => id));
  return [...rows, ...more.filter(({ id }) => !ids.has(id))].sort((a, b) => b.id - a.id);
}

/**
 * The page of the server's list that follows these events. New events move older ones to later
 * pages: a page may have some of these again, and leaves out none.
 *
 * @param {number} count  Of the newest events.
 */
export function nextPage(count) {
  return Math.floor(count / PAGE) + 1;
}

/**
 * The row of a gap.
 *
 * @param {{from: number, to: number, reason: string}} gap
 * @param {number} newest  The greatest id that the page knew.
 * @returns {GapRow}
 */
export function gapRow({ from, to, reason }, newest) {
  return reason === "removed"
    ? {
        id: to + 0.5,
        gap: `Events ${from} to ${to} may be missing: the server keeps the newest only.`,
      }
    : {
        id: newest + 0.5,
        gap: "Events may be missing: the log of the server is another one than before.",
      };
}

/**
 * Whether a row has all words of a search.
 *
 * @param {string} text  Of the row.
 * @param {string} search
 */
export function hasWords(text, search) {
  const lower = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
