// @ts-check
// The rows of the list of events: newest first, each id once.

/**
 * A place where events may be missing.
 *
 * @typedef {object} GapRow
 * @property {number} id  Between those of its neighbours.
 * @property {string} gap  The reason in words.
 *
 * @typedef {import("./sentences.js").ActivityEvent|GapRow} Row
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
