// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bodyOf,
  convert,
  fitsProcfile,
  hiddenOf,
  jsonOf,
  locate,
  lostOf,
  parseProcfile,
  procfileOf,
  TextError,
  withoutInstances,
} from "./definition.js";

/** @param {string} name @param {string} command @returns {import("./model.js").Process} */
function process(name, command) {
  return {
    name,
    command,
    servers: {},
    servers_pauses: {},
    desired: {},
    state: "stopped",
    instances: [],
    last_exit: null,
    last_output: null,
  };
}

/**
 * @param {string} name
 * @param {import("./model.js").PreviewOfProcess["change"]} change
 * @param {string[]} fields
 * @returns {import("./model.js").Preview}
 */
function previewOf(name, change, fields) {
  return {
    fields: [],
    start: 0,
    stop: 0,
    restart: 0,
    processes: [{ name, change, fields, servers: [] }],
    superseded: [],
  };
}

test("a Procfile has names, commands and lines", () => {
  assert.deepEqual(parseProcfile("\ufeff# x\r\n\r\n web : bin/web: 1 \r\nw.2:x\n"), [
    { name: "web", command: "bin/web: 1", line: 3 },
    { name: "w.2", command: "x", line: 4 },
  ]);
});

test("white space that is not of ASCII belongs to the command", () => {
  assert.equal(parseProcfile("web: x\u00a0")?.[0].command, "x\u00a0");
});

test("what the server has to explain is null", () => {
  for (const text of ["", "# only", "web", "web:", ": x", "a b: x", "web: 1\nweb: 2"]) {
    assert.equal(parseProcfile(text), null, text);
  }
});

test("a Procfile survives the way to JSON and back", () => {
  const text = 'web: echo "a: b"\nworker: x\n';
  assert.equal(convert("json", convert("procfile", text) ?? ""), text);
});

test("what a Procfile cannot say is not converted", () => {
  for (const text of ['[{"name":"web","command":"x","env":{}}]', "[1]", "[]", "{", "null"]) {
    assert.equal(convert("json", text), text === "[]" ? "" : null, text);
  }
  assert.equal(convert("json", jsonOf([{ name: "web", command: "a\nb" }])), null);
  assert.equal(convert("procfile", "web"), null);
  assert.ok(!fitsProcfile([{ command: " a" }]));
});

test("instances of a Procfile need its processes", () => {
  assert.deepEqual(bodyOf("procfile", "web: x", 2), {
    processes: [{ name: "web", command: "x", instances: 2 }],
  });
  assert.deepEqual(bodyOf("procfile", "web", 2), { procfile: "web" });
  assert.deepEqual(bodyOf("procfile", "web: x"), { procfile: "web: x" });
});

test("an error of JSON has its line", () => {
  assert.throws(
    () => bodyOf("json", '[\n  {"name": "web",\n  x}\n]'),
    (/** @type {unknown} */ error) => error instanceof TextError && error.line === 3,
  );
});

test("a message of the server is about a line", () => {
  assert.deepEqual(locate("procfile: line 2: there is no colon", "procfile", "a\nb"), {
    line: 2,
    message: "there is no colon",
  });
  assert.deepEqual(locate("processes[1].command: is long", "procfile", "a: 1\n\nb: 2"), {
    line: 3,
    message: "command: is long",
  });
  assert.equal(locate("processes[1].command: is long", "json", "[]").line, 0);
  assert.equal(locate("name: is missing", "procfile", "a: 1").line, 0);
});

test("instances of present processes are no change", () => {
  const { processes } = withoutInstances(previewOf("web", "changed", ["env", "instances"]));
  assert.deepEqual(processes[0].fields, ["env"]);
  assert.deepEqual(withoutInstances(previewOf("web", "changed", ["instances"])).processes, []);
  assert.equal(withoutInstances(previewOf("web", "added", [])).processes.length, 1);
});

test("hidden is what differs from what is shown", () => {
  assert.deepEqual(hiddenOf(previewOf("web", "changed", ["env"])), { web: ["env"] });
  assert.deepEqual(hiddenOf(previewOf("web", "added", [])), {});
});

test("lost is what was hidden and changes", () => {
  const shown = [process("web", "x --password=***")];
  const hidden = { web: ["command", "env"] };
  const text = procfileOf(shown);
  const changed = previewOf("web", "changed", ["command", "env", "directory"]);
  assert.deepEqual(lostOf(changed, hidden, shown, text), ["web: command, env"]);
  const written = "web: x --password=new\n";
  assert.deepEqual(lostOf(changed, hidden, shown, written), ["web: env"]);
  assert.deepEqual(lostOf(previewOf("web", "removed", []), hidden, shown, ""), []);
});
