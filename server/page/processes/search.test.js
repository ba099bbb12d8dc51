// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRecord } from "./model.js";
import { parseSearch } from "./search.js";

const STACKS = new Map([["c0ffee", "demo"]]);

const nginx = makeRecord({
  pid: 12,
  ppid: 1,
  start_time: "a",
  name: "nginx",
  command_line: "nginx: master process /etc/nginx.conf",
  user: "root",
  state: "sleeping",
  memory: 200 * 1024 * 1024,
  unit: "nginx.service",
  stack: "",
  nice: -5,
  io_bytes_read: -1,
});
nginx.share = 0.07;

const worker = makeRecord({
  pid: 34,
  start_time: "b",
  name: "ruby",
  command_line: "Ruby worker.rb --queue mail",
  user: "www-data",
  state: "running",
  memory: 1024,
  stack: "c0ffee",
  process: "worker",
  nice: null,
});

/** @param {string} text */
function found(text) {
  const search = parseSearch(text, STACKS);
  assert.equal(search.error, "", text);
  return [nginx, worker].filter(search.matches).map(({ p }) => p.name);
}

test("text matches names and command lines in any case", () => {
  assert.deepEqual(found(""), ["nginx", "ruby"]);
  assert.deepEqual(found("NGINX"), ["nginx"]);
  assert.deepEqual(found("ruby mail"), ["ruby"]);
  assert.deepEqual(found("ruby nginx"), []);
  assert.deepEqual(found('"master process"'), ["nginx"]);
  assert.deepEqual(found("--queue"), ["ruby"]);
  assert.deepEqual(found("12:34"), []);
});

test("keys of words", () => {
  assert.deepEqual(found("user:root"), ["nginx"]);
  assert.deepEqual(found("user:root,www"), ["nginx", "ruby"]);
  assert.deepEqual(found("user=www"), []);
  assert.deepEqual(found("USER:Root"), ["nginx"]);
  assert.deepEqual(found("state:sl"), ["nginx"]);
  assert.deepEqual(found("unit:nginx"), ["nginx"]);
  assert.deepEqual(found("name:ub"), ["ruby"]);
  assert.deepEqual(found('command:"worker.rb --queue"'), ["ruby"]);
  assert.deepEqual(found("process:worker"), ["ruby"]);
});

test("a stack has a name and a uid", () => {
  assert.deepEqual(found("stack:demo"), ["ruby"]);
  assert.deepEqual(found("stack:c0ff"), ["ruby"]);
  assert.deepEqual(found("-stack:demo"), ["nginx"]);
});

test("keys of numbers", () => {
  assert.deepEqual(found(">100M"), ["nginx"]);
  assert.deepEqual(found("memory>=1k"), ["nginx", "ruby"]);
  assert.deepEqual(found("memory<1.5KiB"), ["ruby"]);
  assert.deepEqual(found("pid:34,99"), ["ruby"]);
  assert.deepEqual(found("cpu>5"), ["nginx"]);
  assert.deepEqual(found("cpu>5%"), ["nginx"]);
  assert.deepEqual(found("nice<0"), ["nginx"]);
  assert.deepEqual(found("nice:-5"), ["nginx"]);
});

test("an unknown value matches no comparison", () => {
  assert.deepEqual(found("read<1G"), []);
  assert.deepEqual(found("cpu<5"), []);
  assert.deepEqual(found("-cpu>=0"), ["ruby"]);
});

test("a minus negates", () => {
  assert.deepEqual(found("-ruby"), ["nginx"]);
  assert.deepEqual(found("-user:root -state:zombie"), ["ruby"]);
});

test("errors name what is wrong", () => {
  /** @param {string} text */
  const errorOf = (text) => parseSearch(text).error;
  assert.match(errorOf("usr:root"), /“usr” is no key/);
  assert.match(errorOf("user:"), /missing after “user:”/);
  assert.match(errorOf("user>3"), /“user” is no number/);
  assert.match(errorOf(">lots"), /“lots” after “memory>” is no number/);
  assert.match(errorOf("cpu>"), /missing after “cpu>”/);
  assert.match(errorOf("pid:1,x"), /“x” after “pid:”/);
  assert.match(errorOf("memory:3M"), /memory>VALUE/);
  assert.match(errorOf("state:sleepy"), /“sleepy” is no state/);
  assert.match(errorOf('name:"open'), /quote/);
});

test("the keys that must be read", () => {
  assert.deepEqual(parseSearch("x user:root >1M").fields, [
    "name",
    "command_line",
    "user",
    "memory",
  ]);
  assert.equal(parseSearch(" ").isEmpty, true);
});
