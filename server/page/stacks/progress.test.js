// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { adopt, apply, countsOf, finish, instanceIn, parseSummary, track } from "./progress.js";

/**
 * @param {string} event
 * @param {Partial<import("./model.js").StackEvent>} [more]
 * @returns {import("./model.js").StackEvent}
 */
function of(event, more = {}) {
  return {
    id: 1,
    time: "2026-01-01T00:00:00Z",
    event,
    stack_uid: "s",
    process: null,
    instance: null,
    pid: null,
    cause: null,
    action_id: null,
    user: null,
    ...more,
  };
}

const STARTED = of("action_started", { action_id: 7, cause: "scale web to 3 on vm" });

test("summaries are read", () => {
  assert.deepEqual(parseSummary("scale web to 5 on vm"), {
    verb: "scale",
    process: "web",
    instance: 0,
    count: 5,
  });
  assert.equal(parseSummary("scale web to 5 on a, 2 on b").count, null);
  assert.deepEqual(parseSummary("restart instance 2 of web on vm"), {
    verb: "restart",
    process: "web",
    instance: 2,
    count: null,
  });
  assert.equal(parseSummary("restart all processes").process, null);
  assert.equal(parseSummary("signal HUP to instance 1 of w.x").verb, "signal HUP");
  assert.equal(parseSummary("signal HUP to web").process, "web");
  assert.equal(parseSummary("delete shop").process, null);
});

test("events of the process are counted while the action is open", () => {
  let list = apply([], STARTED);
  assert.equal(apply(list, STARTED), list);
  list = apply(list, of("started", { process: "web", instance: 1 }));
  list = apply(list, of("restarted", { process: "web", instance: 1 }));
  list = apply(list, of("exited", { process: "web", instance: 1 }));
  assert.equal(apply(list, of("started", { process: "worker", instance: 1 })), list);
  assert.equal(apply(list, of("started", { process: "web", stack_uid: "t" })), list);
  assert.equal(countsOf(list[0]), "2 started, 1 ended by itself");
  list = finish(list, 7, true, "3 instances of web run");
  assert.equal(list[0].state, "done");
  assert.equal(apply(list, of("started", { process: "web", instance: 2 })), list);
});

test("an action of one instance counts its events only", () => {
  const list = apply(
    [],
    of("action_started", { action_id: 1, cause: "restart instance 2 of web" }),
  );
  assert.equal(apply(list, of("stopped", { process: "web", instance: 1 })), list);
  assert.equal(apply(list, of("stopped", { process: "web", instance: 2 }))[0].stopped, 1);
});

test("an answer after the events of its action keeps what they told", () => {
  const sent = track({ key: "k", uid: "s", text: "scale web to 3 on vm", from: 1, mine: true });
  let list = apply([sent], STARTED);
  list = finish(list, 7, true, "ok");
  list = adopt(list, "k", 7);
  assert.equal(list.length, 1);
  assert.deepEqual(
    [list[0].key, list[0].state, list[0].from, list[0].mine],
    ["k", "done", 1, true],
  );
  assert.equal(adopt([sent], "k", 7)[0].state, "open");
});

test("superseded is no failure", () => {
  const list = apply([], STARTED);
  assert.equal(finish(list, 7, false, "superseded by action 8")[0].state, "superseded");
  assert.equal(finish(list, 7, false, "not reached in time")[0].state, "failed");
});

test("the instance of a failure is found", () => {
  assert.equal(instanceIn("not reached: 0 of 2 instances of crash run; instance 12 exited"), 12);
  assert.equal(instanceIn("2 instances of web run"), 0);
});
