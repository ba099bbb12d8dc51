// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, hold, summarize } from "./arrange.js";
import { makeRecord } from "./model.js";

/**
 * @param {number} pid @param {number} ppid @param {number} memory @param {number} [share]
 */
function record(pid, ppid, memory, share = NaN) {
  const made = makeRecord({
    pid,
    ppid,
    memory,
    start_time: "t",
    state: "idle",
    num_threads: 2,
  });
  made.share = share;
  return made;
}

const byMemory = {
  id: "memory",
  descending: true,
  value: (/** @type {any} */ { p }) => (p.memory < 0 ? null : p.memory),
};
const byPid = { id: "pid", descending: false, value: (/** @type {any} */ { p }) => p.pid };

/** @param {any[]} records @param {object} [change] */
function pids(records, change = {}) {
  const rows = arrange(records, {
    matches: () => true,
    order: byMemory,
    isTree: false,
    isHeld: false,
    closed: new Set(),
    ...change,
  });
  return rows.map(({ p }) => p.pid);
}

test("a list in both directions, the unknown last", () => {
  const all = [record(1, 0, 5), record(2, 0, -1), record(3, 0, 9)];
  assert.deepEqual(pids(all), [3, 1, 2]);
  assert.deepEqual(pids(all, { order: { ...byMemory, descending: false } }), [1, 3, 2]);
});

test("a held order keeps rows in place, and new ones come last", () => {
  const all = [record(1, 0, 5), record(2, 0, 7), record(3, 0, 9)];
  assert.deepEqual(pids(all), [3, 2, 1]);
  hold(all);
  all[0].p.memory = 0;
  all.push(record(4, 0, 100));
  assert.deepEqual(pids(all, { isHeld: true }), [3, 2, 1, 4]);
  assert.deepEqual(pids(all), [4, 2, 1, 3]);
});

test("a tree sums up, and sorts siblings by the sums", () => {
  const all = [
    record(1, 0, 1, 0.1),
    record(2, 1, 10),
    record(3, 1, 2, 0.2),
    record(4, 3, 20, 0.4),
    record(5, 99, 3),
  ];
  assert.deepEqual(pids(all, { isTree: true }), [1, 3, 4, 2, 5]);
  const root = all.find(({ p }) => p.pid === 1);
  assert.equal(root?.memorySum, 33);
  assert.equal(root?.shareSum.toFixed(3), "0.700");
  assert.deepEqual(
    all.map(({ p, level, guides }) => [p.pid, level, guides]).sort((a, b) => +a[0] - +b[0]),
    [
      [1, 1, ""],
      [2, 2, "└"],
      [3, 2, "├"],
      [4, 3, "│└"],
      [5, 1, ""],
    ],
  );
});

test("a closed node hides its descendants", () => {
  const all = [record(1, 0, 1), record(2, 1, 1), record(3, 2, 1), record(4, 0, 1)];
  const closed = new Set([all[1].key]);
  assert.deepEqual(pids(all, { isTree: true, order: byPid, closed }), [1, 2, 4]);
  assert.equal(all.find(({ p }) => p.pid === 2)?.isOpen, false);
  assert.equal(all.find(({ p }) => p.pid === 2)?.children.length, 1);
});

test("a tree keeps the ancestors of what matches", () => {
  const all = [record(1, 0, 1), record(2, 1, 1), record(3, 2, 1), record(4, 1, 1)];
  const matches = (/** @type {any} */ { p }) => p.pid === 3;
  assert.deepEqual(pids(all, { isTree: true, order: byPid, matches }), [1, 2, 3]);
  assert.deepEqual(
    all.filter(({ isMatch }) => isMatch).map(({ p }) => p.pid),
    [3],
  );
});

test("parents in a circle lose no process", () => {
  const all = [record(1, 0, 1), record(2, 3, 1), record(3, 2, 1), record(4, 4, 1)];
  assert.deepEqual(pids(all, { isTree: true, order: byPid }), [1, 2, 3, 4]);
});

test("sums are of the matching processes", () => {
  const all = [record(1, 0, 5, 0.5), record(2, 0, -1, NaN), record(3, 0, 7, 0.25)];
  pids(all, { matches: (/** @type {any} */ { p }) => p.pid !== 3 });
  assert.deepEqual(summarize(all), {
    count: 2,
    all: 3,
    states: [["idle", 2]],
    threads: 4,
    memory: 5,
    share: 0.5,
  });
});
