// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessModel } from "./model.js";

const T0 = Date.parse("2026-11-22T00:10:00Z");
const BIRTH = "2026-11-22T00:00:00.000+00:00";

/** @param {number} ms */
const at = (ms) => new Date(T0 + ms).toISOString();

/** @param {number} pid @param {number} cpu_seconds @param {string} [start_time] */
const process = (pid, cpu_seconds, start_time = BIRTH) => ({
  pid,
  start_time,
  cpu_seconds,
  name: `p${pid}`,
});

/** @param {number} ms @param {object[]} processes */
const snapshot = (ms, processes) => ({ type: "snapshot", data: { time: at(ms), processes } });

/** @param {number} ms @param {{entered?: object[], changed?: object[], gone?: object[]}} difference */
const difference = (ms, { entered = [], changed = [], gone = [] }) => ({
  type: "difference",
  data: { time: at(ms), entered, changed, gone },
});

/** @param {ProcessModel} model @param {number} pid */
const shareOf = (model, pid) => model.byPid.get(pid)?.share;

test("a share is the difference of processor times over that of the scans", () => {
  const model = new ProcessModel();
  model.apply([snapshot(0, [process(1, 10), process(2, 5)])]);
  assert.ok(Number.isNaN(shareOf(model, 1)));
  model.apply([difference(2000, { changed: [{ pid: 1, start_time: BIRTH, cpu_seconds: 11 }] })]);
  assert.equal(shareOf(model, 1), 0.5);
  // It was in two scans and used nothing.
  assert.equal(shareOf(model, 2), 0);
});

test("a process is unknown until its second scan", () => {
  const model = new ProcessModel();
  model.apply([snapshot(0, [process(1, 10)]), difference(2000, { entered: [process(3, 1)] })]);
  assert.ok(Number.isNaN(shareOf(model, 3)));
  model.apply([difference(4000, { changed: [{ pid: 3, start_time: BIRTH, cpu_seconds: 5 }] })]);
  assert.equal(shareOf(model, 3), 2);
});

test("a share ends with the first scan in which the process did not change", () => {
  const model = new ProcessModel();
  model.apply([
    snapshot(0, [process(1, 10), process(2, 5)]),
    difference(2000, { changed: [{ pid: 1, start_time: BIRTH, cpu_seconds: 11 }] }),
    difference(4000, { changed: [{ pid: 2, start_time: BIRTH, cpu_seconds: 6 }] }),
  ]);
  assert.equal(shareOf(model, 1), 0);
  assert.equal(shareOf(model, 2), 0.5);
});

test("quiet scans set shares to 0 once", () => {
  const model = new ProcessModel();
  model.apply([
    snapshot(0, [process(1, 10)]),
    difference(2000, { changed: [{ pid: 1, start_time: BIRTH, cpu_seconds: 11 }] }),
  ]);
  assert.equal(model.quiet(), true);
  assert.equal(shareOf(model, 1), 0);
  assert.equal(model.quiet(), false);
});

test("a pid that is used again is another process", () => {
  const model = new ProcessModel();
  const later = "2026-11-22T00:10:01.000+00:00";
  model.apply([
    snapshot(0, [process(7, 10)]),
    difference(2000, {
      gone: [{ pid: 7, start_time: BIRTH }],
      entered: [process(7, 0.5, later)],
    }),
  ]);
  assert.equal(model.records.length, 1);
  assert.equal(model.byPid.get(7)?.p.start_time, later);
  assert.ok(Number.isNaN(shareOf(model, 7)));
  // A change of the old one does not reach the new one.
  model.apply([difference(4000, { changed: [{ pid: 7, start_time: BIRTH, cpu_seconds: 99 }] })]);
  assert.equal(model.byPid.get(7)?.p.cpu_seconds, 0.5);
});

test("a snapshot replaces all, and goes on with shares if the last scan is not old", () => {
  const model = new ProcessModel();
  model.apply([snapshot(0, [process(1, 10), process(2, 1)])]);
  model.apply([snapshot(4000, [process(1, 12)])]);
  assert.deepEqual(
    model.records.map(({ p }) => p.pid),
    [1],
  );
  assert.equal(shareOf(model, 1), 0.5);
  model.apply([snapshot(4000, [process(1, 12)])]);
  assert.equal(shareOf(model, 1), 0.5);
  model.apply([snapshot(3600000, [process(1, 100)])]);
  assert.ok(Number.isNaN(shareOf(model, 1)));
});

test("unknown processor times give no share", () => {
  const model = new ProcessModel();
  model.apply([
    snapshot(0, [process(1, -1)]),
    difference(2000, { changed: [{ pid: 1, start_time: BIRTH, memory: 5 }] }),
  ]);
  assert.ok(Number.isNaN(shareOf(model, 1)));
});

test("a clock that was set back gives no share", () => {
  const model = new ProcessModel();
  model.apply([
    snapshot(10000, [process(1, 1)]),
    difference(0, { changed: [{ pid: 1, start_time: BIRTH, cpu_seconds: 2 }] }),
  ]);
  assert.ok(Number.isNaN(shareOf(model, 1)));
});

test("the first processes stay until the stream sends all", () => {
  const model = new ProcessModel();
  model.begin([process(1, 1)]);
  assert.equal(model.isComplete, false);
  assert.equal(model.records.length, 1);
  model.apply([snapshot(0, [process(1, 1), process(2, 1)])]);
  assert.equal(model.isComplete, true);
  model.begin([process(1, 1)]);
  assert.equal(model.records.length, 2);
});

test("ancestors end at the root, and in a circle", () => {
  const model = new ProcessModel();
  model.apply([
    snapshot(0, [
      { ...process(1, 0), ppid: 0 },
      { ...process(2, 0), ppid: 1 },
      { ...process(3, 0), ppid: 2 },
      { ...process(8, 0), ppid: 9 },
      { ...process(9, 0), ppid: 8 },
    ]),
  ]);
  const pids = (/** @type {number} */ pid) =>
    model.ancestors(/** @type {any} */ (model.byPid.get(pid)).p).map((p) => p.pid);
  assert.deepEqual(pids(3), [2, 1]);
  assert.deepEqual(pids(8), [9]);
});
