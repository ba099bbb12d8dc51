// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  gapRow,
  GROUPS,
  hasWords,
  kindsOf,
  mergeRows,
  nextPage,
  plainSentence,
  sentenceOf,
} from "./sentences.js";

/** @param {Partial<import("./sentences.js").ActivityEvent>} parts */
function event(parts) {
  return {
    id: 1,
    time: "2026-11-22T00:10:09Z",
    event: "started",
    stack_uid: "5999b763474b0eafa5fafb64bff0ba80",
    process: null,
    instance: null,
    pid: null,
    cause: null,
    action_id: null,
    user: null,
    ...parts,
  };
}

const web = { process: "web", instance: 2 };

test("instances", () => {
  /** @type {[string, string, string][]} */
  const cases = [
    ["started", "wanted", "web.2 started"],
    ["started", "seen only by its end", "web.2 started: seen only by its end"],
    ["restarted", "exited with code 3", "web.2 started again after it exited with code 3"],
    ["restarted", "a restart was asked for", "web.2 started again: a restart was asked for"],
    ["exited", "killed by SIGKILL", "web.2 was killed by SIGKILL"],
    [
      "crash_looping",
      "failed 3 times in a row",
      "web.2 is crash-looping: it failed 3 times in a row",
    ],
    [
      "stopped",
      "scaled to 1; exited with code 0",
      "web.2 stopped: scaled to 1; exited with code 0",
    ],
    ["signalled", "HUP, action 3", "web.2 gets the signal HUP, action 3"],
    ["invented", "$& why", "web.2 invented: $& why"],
  ];
  for (const [kind, cause, sentence] of cases) {
    assert.equal(plainSentence(event({ ...web, event: kind, cause })), sentence);
  }
  assert.equal(
    sentenceOf(event({ ...web, event: "exited", cause: "exited with code 0" })).tone,
    "idle",
  );
  assert.equal(
    sentenceOf(event({ ...web, event: "exited", cause: "exited with code 3" })).tone,
    "bad",
  );
});

test("actions", () => {
  const began = event({ event: "action_started", action_id: 7, cause: "scale web to 2 on a" });
  assert.equal(plainSentence(began), "Action 7 began: scale web to 2 on a");
  const ended = event({ event: "action_finished", action_id: 7, cause: "succeeded" });
  assert.deepEqual(sentenceOf(ended, "scale web to 2 on a"), {
    subject: "Action 7 (scale web to 2 on a)",
    text: "succeeded",
    tone: "good",
  });
  const failed = event({
    event: "action_finished",
    action_id: 7,
    cause: "web: exited with code 1",
  });
  assert.equal(plainSentence(failed), "Action 7 failed: web: exited with code 1");
});

test("stacks, tokens, sessions, webhooks", () => {
  /** @type {[string, string, string][]} */
  const cases = [
    ["stack_created", '"demo" in "test"', 'The stack "demo" in "test" was created'],
    ["stack_replaced", "added: web", "The stack was changed: added: web"],
    ["token_revoked", 'token 2, "re: \\"a\\""', 'Token 2 "re: \\"a\\"" was revoked'],
    [
      "session_ended",
      'session 3 of token 2, "reader": signed out',
      'Session 3 of token 2 "reader" ended: signed out',
    ],
    ["webhook_created", 'webhook 1, "pager"', 'Webhook 1 "pager" was created'],
    [
      "webhook_failed",
      'webhook 1, "pager": 1 event, attempt 2: answered 500',
      'Webhook 1 "pager" failed and tries again: 1 event, attempt 2: answered 500',
    ],
    ["keeper_lost", "closed", "The server lost the keeper of instances: closed"],
  ];
  for (const [kind, cause, sentence] of cases) {
    assert.equal(plainSentence(event({ event: kind, cause })), sentence);
  }
});

test("filters name kinds of the server", () => {
  assert.equal(kindsOf(""), "");
  assert.equal(kindsOf("exited"), "exited");
  assert.equal(kindsOf("tokens"), "token_created,token_revoked");
  assert.match(kindsOf("problems"), /^exited,start_failed,.*action_finished/);
  assert.equal(Object.values(GROUPS).flatMap(({ kinds }) => Object.keys(kinds)).length, 27);
});

test("pages and streams give each event once", () => {
  const rows = mergeRows(
    [event({ id: 9 }), event({ id: 8 })],
    [event({ id: 8 }), event({ id: 7 })],
  );
  assert.deepEqual(
    mergeRows(rows, [event({ id: 10 }), gapRow({ from: 3, to: 8, reason: "removed" }, 10)]).map(
      ({ id }) => id,
    ),
    [10, 9, 8.5, 8, 7],
  );
  assert.equal(gapRow({ from: 1, to: 1, reason: "unknown" }, 10).id, 10.5);
  assert.equal(nextPage(100), 2);
  assert.equal(nextPage(250), 3);
  assert.ok(hasWords("web.2 exited with code 3", "WEB code"));
  assert.ok(!hasWords("web.2 exited", "worker"));
});
