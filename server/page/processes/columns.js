// @ts-check
// What the list shows of a process.

import {
  exactTime,
  formatAgo,
  formatBytes,
  formatCount,
  formatCpuTime,
  formatPercent,
  formatTime,
} from "../format.js";

/**
 * @typedef {import("./model.js").ProcessRecord} ProcessRecord
 *
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title
 * @property {string} label  The title in full.
 * @property {string[]} fields  The keys of the API that it needs.
 * @property {string} width
 * @property {boolean} isNumber
 * @property {(record: ProcessRecord) => number|string|null} value  To sort by; null: unknown.
 * @property {(record: ProcessRecord) => string} text  "–": unknown.
 * @property {(record: ProcessRecord) => string} exact  For the title.
 */

// Longer command lines make the page slow; the details have all of them.
const MAX_TEXT = 400;

/**
 * @param {number|null|undefined} value
 * @param {(value: number) => string} format
 */
export function known(value, format) {
  return value === null || value === undefined || value < 0 ? "–" : format(value);
}

/** @param {number|null|undefined} bytes */
export function exactBytes(bytes) {
  return known(bytes, (value) => `${formatCount(value)} bytes`);
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} label
 * @param {keyof import("./model.js").HostProcess} field
 * @param {number} width
 * @returns {Column}
 */
function words(id, title, label, field, width) {
  /** @param {ProcessRecord} record */
  const text = ({ p }) => String(p[field] || "").slice(0, MAX_TEXT) || "–";
  return {
    id,
    title,
    label,
    fields: [field],
    width: `${width}px`,
    isNumber: false,
    value: ({ p }) => String(p[field] || "").toLowerCase() || null,
    text,
    exact: text,
  };
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} label
 * @param {keyof import("./model.js").HostProcess} field
 * @param {number} width
 * @param {(value: number) => string} [format]
 * @param {(value: number) => string} [exact]
 * @returns {Column}
 */
function number(id, title, label, field, width, format = String, exact = format) {
  /** @param {ProcessRecord} record */
  const value = ({ p }) => /** @type {number|undefined} */ (p[field]);
  return {
    id,
    title,
    label,
    fields: [field],
    width: `${width}px`,
    isNumber: true,
    value: (record) => {
      const n = value(record);
      return n === undefined || n < 0 ? null : n;
    },
    text: (record) => known(value(record), format),
    exact: (record) => known(value(record), exact),
  };
}

/**
 * The names of stacks, by their uids.
 *
 * @typedef {Map<string, string>} StackNames
 */

/** @param {ProcessRecord["p"]} p @param {StackNames} names "demo / web.1"; "": of no stack. */
export function instanceName({ stack, process, instance }, names) {
  return stack ? `${names.get(stack) ?? stack.slice(0, 8)} / ${process}.${instance}` : "";
}

/** @param {number} share */
const exactShare = (share) =>
  Number.isNaN(share) ? "unknown until the second scan" : `${(share * 100).toFixed(2)} % of a core`;

/** @type {StackNames} */
let stackNames = new Map();
/** The names that the column of stacks shows. @param {StackNames} names */
export function setStackNames(names) {
  stackNames = names;
}

/** @type {Column[]} */
export const COLUMNS = [
  number("pid", "PID", "Process id", "pid", 72),
  number("ppid", "Parent", "Id of the parent", "ppid", 72),
  words("user", "User", "Owner", "user", 92),
  words("name", "Name", "Name", "name", 168),
  words("state", "State", "State", "state", 104),
  {
    id: "cpu",
    title: "CPU",
    label: "Share of one core; 100 % is one core",
    fields: ["cpu_seconds"],
    width: "82px",
    isNumber: true,
    value: ({ share }) => (Number.isNaN(share) ? null : share),
    text: ({ share }) => formatPercent(share),
    exact: ({ share }) => exactShare(share),
  },
  number("memory", "Memory", "Resident memory", "memory", 86, formatBytes, exactBytes),
  number("peak", "Peak", "Greatest resident memory", "peak_memory", 86, formatBytes, exactBytes),
  number("virtual", "Virtual", "Address space", "virtual_memory", 86, formatBytes, exactBytes),
  number("threads", "Threads", "Threads", "num_threads", 76, formatCount),
  number(
    "time",
    "CPU time",
    "Processor time so far",
    "cpu_seconds",
    92,
    formatCpuTime,
    (n) => `${n} s`,
  ),
  {
    id: "started",
    title: "Started",
    label: "When it started",
    fields: ["start_time"],
    width: "116px",
    isNumber: true,
    value: ({ p }) => Date.parse(p.start_time) || null,
    text: ({ p }) => formatTime(p.start_time),
    exact: ({ p }) => p.start_time && `${exactTime(p.start_time)}, ${formatAgo(p.start_time)}`,
  },
  {
    ...number("nice", "Nice", "Niceness: -20 gets the most processor time", "nice", 60),
    value: ({ p }) => p.nice ?? null,
    text: ({ p }) => String(p.nice ?? "–"),
    exact: ({ p }) => String(p.nice ?? "–"),
  },
  number("session", "Session", "Session", "session", 78),
  number("read", "Read", "Bytes read from storage", "io_bytes_read", 86, formatBytes, exactBytes),
  number(
    "written",
    "Written",
    "Bytes written to storage",
    "io_bytes_written",
    86,
    formatBytes,
    exactBytes,
  ),
  words("unit", "Unit", "Unit of systemd", "unit", 160),
  words("container", "Container", "Container", "container", 120),
  {
    ...words("stack", "Stack", "Stack, process and instance", "stack", 160),
    fields: ["stack", "process", "instance"],
    value: ({ p }) => instanceName(p, stackNames).toLowerCase() || null,
    text: ({ p }) => instanceName(p, stackNames) || "–",
    exact: ({ p }) => instanceName(p, stackNames) || "–",
  },
  {
    ...words("command", "Command", "Command line", "command_line", 0),
    width: "minmax(240px, 1fr)",
  },
];

/** Sums with all descendants, which a tree shows beside the values of the process. */
/** @type {Record<string, Column>} */
export const SUM_COLUMNS = {
  cpu: {
    ...find("cpu"),
    title: "Σ CPU",
    label: "With all descendants: share of one core",
    text: ({ shareSum }) => formatPercent(shareSum),
    exact: ({ shareSum }) => exactShare(shareSum),
  },
  memory: {
    ...find("memory"),
    title: "Σ Memory",
    label: "With all descendants: resident memory (shared pages count for each)",
    text: ({ memorySum }) => formatBytes(memorySum),
    exact: ({ memorySum }) => exactBytes(memorySum),
  },
};

/** The column with an id. @param {string} id @returns {Column} Of the memory if there is none. */
export function find(id) {
  return COLUMNS.find((column) => column.id === id) ?? find("memory");
}

/** The column and direction of "-cpu". @param {string} [sort] */
export function parseSort(sort = "-memory") {
  const column = find(sort.replace(/^-/, ""));
  return { column, descending: sort.startsWith("-") };
}

/** What a first click on a column sorts by. @param {string} id */
export function defaultSort(id) {
  return find(id).isNumber && !["pid", "ppid", "nice", "session"].includes(id) ? `-${id}` : id;
}

/** What the tree, the cards and the sums need. */
const BASE_FIELDS = ["ppid", "name", "state", "memory", "num_threads", "cpu_seconds"];

/**
 * The keys of the API that are needed, always in the same order.
 *
 * @param {Column[]} columns
 * @param {string[]} more
 */
export function fieldsOf(columns, more) {
  const all = new Set([...BASE_FIELDS, ...more, ...columns.flatMap(({ fields }) => fields)]);
  return [...all].filter((field) => field !== "pid" && field !== "start_time").sort();
}
