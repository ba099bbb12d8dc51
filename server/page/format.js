// @ts-check
// Values as people read them. The exact value belongs into a title beside them.

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * Bytes with three digits: "12.3 MiB". "–" if the value is unknown (negative or null).
 *
 * @param {number|null|undefined} bytes
 */
export function formatBytes(bytes) {
  if (bytes === null || bytes === undefined || bytes < 0) return "–";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    ++unit;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

// One for all: toLocaleString() makes one for each number.
const COUNT = new Intl.NumberFormat("en-US");

/**
 * A count with separators: "12,345".
 *
 * @param {number} count
 */
export function formatCount(count) {
  return COUNT.format(count);
}

/**
 * A duration in its two greatest units: "3d 4h", "12m 5s", "4s".
 *
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  let rest = Math.max(0, Math.floor(seconds));
  const parts = [];
  for (const [unit, size] of /** @type {[string, number][]} */ ([
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ])) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 || parts.length > 0 || unit === "s") parts.push(`${n}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.filter((part, i) => i === 0 || !part.startsWith("0")).join(" ");
}

/**
 * Processor time: "0.42 s", "3:07", "12:03:07".
 *
 * @param {number} seconds
 */
export function formatCpuTime(seconds) {
  if (seconds < 0) return "–";
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  const whole = Math.floor(seconds);
  /** @param {number} n */
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/**
 * A share with one digit: "12.5 %".
 *
 * @param {number} share  1 is 100 %.
 */
export function formatPercent(share) {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : "–";
}

const TODAY = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const OTHER_DAY = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const OTHER_YEAR = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/**
 * A time in the zone of the browser: "14:03:12" today, "3 Mar, 14:03" in this year, else
 * "3 Mar 2031".
 *
 * @param {string|number|Date} time
 * @param {Date} [now]
 */
export function formatTime(time, now = new Date()) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "–";
  if (date.toDateString() === now.toDateString()) return TODAY.format(date);
  return (date.getFullYear() === now.getFullYear() ? OTHER_DAY : OTHER_YEAR).format(date);
}

/**
 * A time relative to now: "12s ago", "in 3m 5s", "now".
 *
 * @param {string|number|Date} time
 * @param {number} [now]  Milliseconds of the epoch.
 */
export function formatAgo(time, now = Date.now()) {
  const seconds = (now - new Date(time).getTime()) / 1000;
  if (!Number.isFinite(seconds)) return "–";
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `${formatDuration(seconds)} ago` : `in ${formatDuration(-seconds)}`;
}

/**
 * The exact form of a time, for titles: ISO 8601 in the zone of the browser.
 *
 * @param {string|number|Date} time
 */
export function exactTime(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60000).toISOString().slice(0, -1);
  /** @param {number} n */
  const two = (n) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

/**
 * "1 process", "2 processes".
 *
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function plural(n, one, many = `${one}s`) {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}
