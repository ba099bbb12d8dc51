// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { highlighter, LogBuffer, noticeOf, splitMatches, stripEscapes } from "./log_buffer.js";

const START = Date.parse("2026-11-22T00:10:00Z");

/**
 * @param {string} line
 * @param {{instance?: number, seconds?: number, partial?: boolean}} [parts]
 */
function output(line, { instance = 1, seconds = 0, partial } = {}) {
  const seen_at = new Date(START + seconds * 1000).toISOString();
  return {
    type: "output",
    data: { process: "web", server: "a", instance, line, seen_at, partial },
  };
}

/** @param {LogBuffer} buffer */
function raws(buffer) {
  return buffer.lines.map(({ raw }) => raw);
}

test("escape sequences are stripped", () => {
  assert.equal(stripEscapes("\x1b[31;1mred\x1b[0m \x1b]0;title\x07plain\x1b[K"), "red plain");
  assert.equal(stripEscapes("\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\ \x1b(Bx\x1bM"), "link x");
  assert.equal(stripEscapes("a\tb\rc\x00d\x1b"), "a\tbcd");
});

test("matches are split from the rest", () => {
  assert.deepEqual(splitMatches("an Error, error", highlighter("(?i)error")), [
    "an ",
    "Error",
    ", ",
    "error",
    "",
  ]);
  assert.deepEqual(splitMatches("abc", highlighter("x*")), ["abc"]);
  assert.deepEqual(splitMatches("abc", null), ["abc"]);
  assert.equal(highlighter("(?P<name>a)"), null);
  assert.equal(highlighter(""), null);
});

test("pieces make one line, also of a line that is shown already", () => {
  const buffer = new LogBuffer();
  buffer.add([output("Password", { partial: true }), output("other", { instance: 2 })]);
  buffer.take();
  buffer.add([output(": ", { partial: true }), output("done"), output("next")]);
  const { added, grown } = buffer.take();
  assert.deepEqual(
    added.map(({ raw }) => raw),
    ["next"],
  );
  assert.equal(grown.length, 1);
  assert.deepEqual(raws(buffer), ["Password: done", "other", "next"]);
});

test("the first lines, which come by instance, are put in order", () => {
  const buffer = new LogBuffer();
  buffer.add([output("a", { seconds: 1 }), output("c", { seconds: 9 })]);
  buffer.take();
  buffer.add([output("b", { instance: 2, seconds: 2 }), output("d", { instance: 2, seconds: 10 })]);
  const { isReordered } = buffer.take();
  assert.equal(isReordered, true);
  assert.deepEqual(raws(buffer), ["a", "b", "c", "d"]);
});

test("no line crosses a gap", () => {
  const buffer = new LogBuffer();
  buffer.add([
    output("late", { seconds: 9 }),
    { type: "gap", data: { process: "web", instance: null, reason: "unknown", lines: null } },
    output("early", { seconds: 1 }),
  ]);
  const { isReordered } = buffer.take();
  assert.equal(isReordered, false);
  assert.match(raws(buffer).join(), /^late,Lines of web may be missing here.*,early$/);
});

test("the oldest lines go", () => {
  const buffer = new LogBuffer({ maxLines: 3 });
  buffer.add([output("1"), output("2")]);
  buffer.take();
  buffer.add([output("3"), output("4")]);
  const { added, removed } = buffer.take();
  assert.equal(removed, 1);
  assert.equal(added.length, 2);
  assert.deepEqual(raws(buffer), ["2", "3", "4"]);
  assert.equal(buffer.dropped, 1);
});

test("long lines count by their size", () => {
  const buffer = new LogBuffer({ maxChars: 10 });
  buffer.add([output("12345"), output("123456"), output("1234")]);
  buffer.take();
  assert.deepEqual(raws(buffer), ["123456", "1234"]);
});

test("while nobody takes lines their number is bounded, and the newest stay", () => {
  const buffer = new LogBuffer({ maxLines: 3 });
  buffer.add([output("first")]);
  buffer.take();
  for (let i = 1; i <= 100; ++i) buffer.add([output(String(i))]);
  assert.ok(buffer.pending.length <= 6);
  assert.equal(buffer.arrived, 100);
  const { removed } = buffer.take();
  assert.equal(removed, 1);
  assert.deepEqual(raws(buffer), ["98", "99", "100"]);
  assert.equal(buffer.arrived, 0);
});

test("gaps and ends have words", () => {
  const gap = { process: "web", instance: 2, reason: "slow", lines: 12345 };
  assert.equal(
    noticeOf({ type: "gap", data: gap }),
    "12,345 lines of web.2 are missing here: this page read more slowly than the program writes.",
  );
  assert.equal(
    noticeOf({ type: "end", data: { reason: "removed" } }),
    "The end: the process was removed.",
  );
});

test("the text has names if it is of several instances", () => {
  const buffer = new LogBuffer();
  buffer.add([output("a"), output("\x1b[1mb\x1b[0m", { instance: 2 })]);
  buffer.take();
  assert.equal(buffer.text(true), "web.1 | a\nweb.2 | b");
  assert.equal(buffer.text(false), "a\nb");
});
