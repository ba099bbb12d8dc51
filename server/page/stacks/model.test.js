// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { diffLines, shorten } from "./line_diff.js";
import { curlOf, processPath, rowsOf, stateOfStack, toneOf, totalsOf } from "./model.js";

/**
 * @param {Partial<import("./model.js").Process>} more
 * @returns {import("./model.js").Process}
 */
function process(more) {
  return {
    name: "web",
    command: "x",
    servers: {},
    servers_pauses: {},
    desired: {},
    state: "stopped",
    instances: [],
    last_exit: null,
    last_output: null,
    ...more,
  };
}

test("all servers of the stack have a row", () => {
  const rows = rowsOf(process({ desired: { b: 2 }, servers: { b: 1 }, servers_pauses: { b: 1 } }), [
    { name: "a", uid: "1" },
  ]);
  assert.deepEqual(rows, [
    { name: "a", uid: "1", running: 0, paused: 0, wanted: 0 },
    { name: "b", uid: "b", running: 1, paused: 1, wanted: 2 },
  ]);
});

test("a stack is in the worst state of its processes", () => {
  const all = [process({ state: "running" }), process({ state: "degraded" })];
  assert.equal(stateOfStack(all), "degraded");
  assert.equal(stateOfStack([]), "stopped");
  assert.equal(toneOf("starting"), "busy");
  assert.deepEqual(totalsOf([process({ desired: { a: 2, b: 1 }, servers: { a: 1 } })]), {
    running: 1,
    wanted: 3,
  });
});

test("paths and commands are quoted", () => {
  assert.equal(processPath("5", "a.json"), "/api/3/stacks/5/processes/a.json.json");
  assert.equal(
    curlOf("POST", "http://h/a", { a: "it's" }),
    `curl -X POST -H "Authorization: Bearer $TALLYMAN_TOKEN" ` +
      `-H 'Content-Type: application/json' -d '{"a":"it'\\''s"}' 'http://h/a'`,
  );
});

/** @param {string} a @param {string} b */
function diff(a, b) {
  return diffLines(a, b).map(({ kind, text }) => kind + text);
}

test("lines differ as little as possible", () => {
  assert.deepEqual(diff("a\nb\nc\n", "a\nx\nc\nd\n"), [" a", "-b", "+x", " c", "+d"]);
  assert.deepEqual(diff("a\n", "a\n"), [" a"]);
  assert.deepEqual(diff("a\nb", "b\na"), ["-a", " b", "+a"]);
});

test("unchanged lines far from changes are left out", () => {
  const lines = Array.from({ length: 20 }, (_, i) => `${i}`);
  const changed = lines.with(2, "x").with(15, "y");
  const short = shorten(diffLines(lines.join("\n"), changed.join("\n")), 1);
  assert.deepEqual(
    short.map((line) => (line ? line.kind + line.text : "…")),
    [" 1", "-2", "+x", " 3", "…", " 14", "-15", "+y", " 16"],
  );
  assert.deepEqual(shorten(diffLines("a", "a")), []);
});
