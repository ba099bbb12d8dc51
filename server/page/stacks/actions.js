// @ts-check
// The actions of all stacks that are open, or ended a moment ago.

import { ask } from "../api.js";
import { ApiError } from "../errors.js";
import { createStore } from "../store.js";
import { announce } from "../ui/announce.js";
import { emit, onEvents } from "../feed.js";
import { stackPath } from "./model.js";
import { adopt, apply, finish, isOpen, track } from "./progress.js";

/** @typedef {import("./progress.js").Tracked} Tracked */

// A result without a fault stays for this time; others until somebody closes them.
const SHOWN_MS = 8000;

export const tracked = createStore(/** @type {Tracked[]} */ ([]));

/** @param {string} key */
export function dismiss(key) {
  tracked.set(tracked.get().filter((one) => one.key !== key));
}

/** A key that no other request has. crypto.randomUUID is missing without https. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** @param {string} key @param {Partial<Tracked>} change */
function update(key, change) {
  tracked.set(tracked.get().map((one) => (one.key === key ? { ...one, ...change } : one)));
}

onEvents((events) => {
  let list = tracked.get();
  for (const { type, data } of events) {
    if (type === "gap" || type === "reload" || !data) continue;
    list = apply(list, data);
  }
  tracked.set(list);
  for (const { type, data } of events) {
    if (type === "action_finished" && data.stack_uid) settle(data.stack_uid, data.action_id);
  }
});

/**
 * Asks for the result of an action that has ended.
 *
 * @param {string} uid
 * @param {number} id
 */
async function settle(uid, id) {
  if (!tracked.get().some((one) => one.id === id && isOpen(one))) return;
  const path = `${stackPath(uid)}/actions/${id}`;
  const answer = await ask(path).catch(() => null);
  const action = answer?.data.response;
  if (!action?.finished_at) return;
  tracked.set(finish(tracked.get(), id, action.finished_success, action.finished_message));
  const one = tracked.get().find((other) => other.id === id);
  if (!one) return;
  if (one.mine) {
    const tone = one.state === "done" ? "good" : one.state === "failed" ? "bad" : "info";
    announce(`${one.text}: ${one.message}`, tone);
  }
  if (one.state !== "failed") setTimeout(() => dismiss(one.key), SHOWN_MS);
}

/** After a time without events: actions may have ended meanwhile. */
export function settleOpen() {
  for (const one of tracked.get()) if (one.id && isOpen(one)) settle(one.uid, one.id);
}

/** Takes up the open actions that were asked before the page was here. */
export async function trackOpen() {
  const query = { kind: "action_started,action_finished", per_page: 100 };
  const answer = await ask("/events", { query }).catch(() => null);
  /** @type {import("./model.js").StackEvent[]} */
  const events = answer?.data.response ?? [];
  const ended = new Set(
    events.filter(({ event }) => event === "action_finished").map((one) => one.action_id),
  );
  const open = events.filter((one) => !ended.has(one.action_id));
  tracked.set(open.reverse().reduce(apply, tracked.get()));
}

/**
 * Sends a request that starts an action, and follows it. Nothing throws: what fails is shown.
 *
 * @param {object} request
 * @param {string} request.uid  Of the stack.
 * @param {string} request.text  As the event of the action has it: "restart web".
 * @param {string} request.path  Below that of the stack: "/actions".
 * @param {string} [request.method]
 * @param {object} [request.body]
 * @param {Record<string, string>} [request.headers]
 * @param {number|null} [request.from]
 * @param {string} [request.key]  Of the same request before.
 * @param {boolean} [request.passesPrecondition]
 *   A failed precondition is thrown, for the caller to try again.
 */
export async function start(request) {
  const { uid, text, path, method = "POST", body, headers = {}, from = null } = request;
  const key = request.key ?? newKey();
  const { process } = track({ key, uid, text }).summary;
  // The new one takes the place of results of the same process.
  const others = tracked
    .get()
    .filter(
      (one) => isOpen(one) || one.uid !== uid || (process && one.summary.process !== process),
    );
  tracked.set([
    ...others.filter((one) => one.key !== key),
    track({ key, uid, text, from, mine: true }),
  ]);
  try {
    const { data } = await ask(stackPath(uid) + path, {
      method,
      body,
      headers: { "Idempotency-Key": key, ...headers },
    });
    const { id, finished_at: finishedAt } = data.response;
    tracked.set(adopt(tracked.get(), key, id));
    if (finishedAt) settle(uid, id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (request.passesPrecondition && error.status === 412) {
      dismiss(key);
      throw error;
    }
    const mayPass = error.status === 0 || error.status === 429 || error.status >= 500;
    refuse(
      key,
      error.message,
      mayPass ? () => start({ ...request, key, passesPrecondition: false }) : undefined,
    );
  }
  emit([{ type: "reload", data: { stack_uid: uid } }]);
}

/**
 * @param {string} key
 * @param {string} message
 * @param {() => void} [retry]
 */
function refuse(key, message, retry) {
  update(key, { state: "failed", message, retry });
}

/**
 * Shows that a request was not sent, and why.
 *
 * @param {string} uid
 * @param {string} text  Of the action.
 * @param {string} message
 */
export function notSent(uid, text, message) {
  const key = newKey();
  tracked.set([...tracked.get(), track({ key, uid, text, mine: true })]);
  refuse(key, message);
  emit([{ type: "reload", data: { stack_uid: uid } }]);
}

/**
 * A command for all instances of a process, or for one.
 *
 * @param {string} uid
 * @param {{command: string, process_name?: string, instance?: number, server_uid?: string, signal?: string}} body
 */
export function command(uid, body) {
  const verb = body.command.replace("process_", "").replace("signal", `signal ${body.signal} to`);
  const one = body.instance ? `instance ${body.instance} of ` : "";
  const text = `${verb} ${one}${body.process_name ?? "all processes"}`;
  return start({ uid, text, path: "/actions", body });
}
