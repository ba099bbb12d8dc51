// @ts-check
// Which processes are shown, in which order: a list, or a tree with sums.

/**
 * @typedef {import("./model.js").ProcessRecord} ProcessRecord
 *
 * @typedef {object} Order
 * @property {string} id  Of the column.
 * @property {boolean} descending
 * @property {(record: ProcessRecord) => number|string|null} value  Null: unknown, always last.
 *
 * @typedef {object} Arrangement
 * @property {(record: ProcessRecord) => boolean} matches
 * @property {Order} order
 * @property {boolean} isTree
 * @property {boolean} isHeld  The order stays as it is; new processes come last.
 * @property {Set<string>} closed  Keys of nodes whose children are hidden.
 */

/**
 * Sorts the records in place and returns those to show. In a tree these are the matching ones
 * and their ancestors.
 *
 * @param {ProcessRecord[]} records
 * @param {Arrangement} arrangement
 * @returns {ProcessRecord[]}
 */
export function arrange(records, { matches, order, isTree, isHeld, closed }) {
  for (const record of records) {
    record.isMatch = matches(record);
    record.memorySum = Math.max(0, record.p.memory ?? 0);
  }
  if (isTree) sumUp(records);
  if (!isHeld) sort(records, order, isTree);
  else records.sort((a, b) => a.rank - b.rank || a.p.pid - b.p.pid);
  if (isTree) return flatten(records, closed);
  return records.filter((record) => record.isMatch);
}

/** Holds the present order. @param {ProcessRecord[]} records */
export function hold(records) {
  records.forEach((record, i) => (record.rank = i));
}

/**
 * @param {ProcessRecord[]} records
 * @param {Order} order
 * @param {boolean} isTree
 */
function sort(records, { id, descending, value }, isTree) {
  for (const record of records) {
    if (isTree && id === "cpu")
      record.sortKey = Number.isNaN(record.shareSum) ? null : record.shareSum;
    else if (isTree && id === "memory") record.sortKey = record.memorySum;
    else record.sortKey = value(record);
  }
  const up = descending ? -1 : 1;
  records.sort((a, b) => {
    const x = a.sortKey;
    const y = b.sortKey;
    // What uses more memory is of more interest, also before the first shares are known.
    if (x === y) return b.memorySum - a.memorySum || a.p.pid - b.p.pid;
    if (x === null || y === null) return x === null ? 1 : -1;
    return x < y ? -up : up;
  });
}

/** Finds the parents, and sums what descendants use. @param {ProcessRecord[]} records */
function sumUp(records) {
  const byPid = new Map();
  for (const record of records) {
    record.children.length = 0;
    byPid.set(record.p.pid, record);
  }
  for (const record of records) {
    const { pid, ppid = 0 } = record.p;
    record.parent = ppid > 0 && ppid !== pid ? (byPid.get(ppid) ?? null) : null;
    record.parent?.children.push(record);
  }
  /** @type {ProcessRecord[]} Parents before their children. */
  const ordered = records.filter((record) => !record.parent);
  const roots = ordered.length;
  for (let i = 0; i < ordered.length; ++i) ordered.push(...ordered[i].children);
  if (ordered.length < records.length) {
    // Parents in a circle: pids that were used again during a scan. They become roots.
    const reached = new Set(ordered);
    for (const record of records) {
      if (reached.has(record)) continue;
      record.parent = null;
      record.children.length = 0;
      ordered.splice(roots, 0, record);
    }
  }
  for (const record of records) {
    record.shareSum = record.share;
    record.hasMatch = record.isMatch;
  }
  for (const { parent, shareSum, memorySum, hasMatch } of reversed(ordered)) {
    if (!parent) continue;
    parent.shareSum = addKnown(parent.shareSum, shareSum);
    parent.memorySum += memorySum;
    if (hasMatch) parent.hasMatch = true;
  }
}

/** @template T @param {T[]} items */
function* reversed(items) {
  for (let i = items.length - 1; i >= 0; --i) yield items[i];
}

/** @param {number} a @param {number} b */
function addKnown(a, b) {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + b;
}

/**
 * @param {ProcessRecord[]} records  Sorted.
 * @param {Set<string>} closed
 */
function flatten(records, closed) {
  /** @type {ProcessRecord[]} */
  const roots = [];
  for (const record of records) record.children.length = 0;
  for (const record of records) {
    if (record.hasMatch) (record.parent?.children ?? roots).push(record);
  }
  /** @type {ProcessRecord[]} */
  const rows = [];
  /** @type {ProcessRecord[]} What is still to be shown, the next one last. */
  const stack = roots.reverse();
  for (let record = stack.pop(); record; record = stack.pop()) {
    rows.push(record);
    const { parent, children } = record;
    record.level = parent ? parent.level + 1 : 1;
    record.isOpen = children.length > 0 && !closed.has(record.key);
    if (!parent) record.guides = "";
    if (!record.isOpen) continue;
    const above = record.guides.replace("├", "│").replace("└", " ");
    children.forEach(
      (child, i) => (child.guides = `${above}${i < children.length - 1 ? "├" : "└"}`),
    );
    for (const child of reversed(children)) stack.push(child);
  }
  return rows;
}

/**
 * @typedef {object} Summary
 * @property {number} count
 * @property {number} all  Without the search.
 * @property {[string, number][]} states  The most frequent first.
 * @property {number} threads
 * @property {number} memory
 * @property {number} share  NaN: unknown.
 */

/**
 * Sums over the matching processes.
 *
 * @param {ProcessRecord[]} records
 * @returns {Summary}
 */
export function summarize(records) {
  /** @type {Map<string, number>} */
  const states = new Map();
  const summary = { count: 0, all: records.length, threads: 0, memory: 0, share: NaN };
  for (const { isMatch, p, share } of records) {
    if (!isMatch) continue;
    ++summary.count;
    summary.threads += Math.max(0, p.num_threads ?? 0);
    summary.memory += Math.max(0, p.memory ?? 0);
    summary.share = addKnown(summary.share, share);
    if (p.state) states.set(p.state, (states.get(p.state) ?? 0) + 1);
  }
  return { ...summary, states: [...states].sort((a, b) => b[1] - a[1]) };
}
