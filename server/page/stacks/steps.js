// @ts-check
// Wanted numbers that somebody is changing. They act a moment after the last click, also if the
// part of the page with the buttons has gone by then.

import { ask } from "../api.js";
import { ApiError } from "../errors.js";
import { plural } from "../format.js";
import { createStore } from "../store.js";
import { confirm } from "../ui/dialog.js";
import { notSent, start } from "./actions.js";
import { processPath } from "./model.js";

/**
 * @typedef {object} Target  A process on a server.
 * @property {string} uid  Of the stack.
 * @property {string} process
 * @property {import("./model.js").ServerRow} server
 *
 * @typedef {object} Step
 * @property {number} count  The new wanted number.
 * @property {number} from  The wanted number that the person saw.
 * @property {"pending"|"sent"} phase
 * @property {number} at  Of the last click, or of the answer, in milliseconds of the epoch.
 */

export const WAIT_MS = 500;
// A process that fails changes its ETag several times a second.
const ATTEMPTS = 5;

export const steps = createStore(/** @type {Record<string, Step>} */ ({}));
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();
/** The last request of each; the next one waits for it. @type {Map<string, Promise<void>>} */
const requests = new Map();

/** @param {Target} target */
export function keyOf({ uid, process, server }) {
  return `${uid} ${process} ${server.name}`;
}

/** @param {string} key */
function drop(key) {
  clearTimeout(timers.get(key));
  timers.delete(key);
  const { [key]: _, ...others } = steps.get();
  steps.set(others);
}

/** Takes back a number that was not sent. @param {Target} target @returns {boolean} */
export function cancel(target) {
  const isPending = steps.get()[keyOf(target)]?.phase === "pending";
  if (isPending) drop(keyOf(target));
  return isPending;
}

/**
 * @param {Target} target
 * @param {number} count  At least 0.
 * @param {number} [wait]  Milliseconds.
 */
export function want(target, count, wait = WAIT_MS) {
  if (!Number.isInteger(count) || count < 0) return;
  const key = keyOf(target);
  const step = steps.get()[key];
  const from = step?.phase === "pending" ? step.from : (step?.count ?? target.server.wanted);
  clearTimeout(timers.get(key));
  if (count === from) {
    drop(key);
    return;
  }
  steps.update({ [key]: { count, from, phase: "pending", at: Date.now() } });
  timers.set(
    key,
    setTimeout(() => act(target), wait),
  );
}

/** @param {Target} target @param {number} delta */
export function stepBy(target, delta) {
  want(target, (steps.get()[keyOf(target)]?.count ?? target.server.wanted) + delta);
}

/** @param {Target} target */
async function act(target) {
  const { process, server } = target;
  const key = keyOf(target);
  const step = steps.get()[key];
  if (!step || step.phase !== "pending") return;
  const { count, from } = step;
  /** @type {Step} */
  const sent = { count, from, phase: "sent", at: Infinity };
  steps.update({ [key]: sent });
  const agrees =
    count > 0 ||
    (await confirm({
      title: `Stop all of ${process}?`,
      text: `${plural(from, "instance")} on ${server.name} will stop, and none starts until it is scaled up again.`,
      verb: `Stop ${plural(from, "instance")}`,
    }));
  const isCurrent = () => steps.get()[key] === sent;
  if (!agrees) {
    if (isCurrent()) drop(key);
    return;
  }
  const request = (requests.get(key) ?? Promise.resolve()).then(() => scale(target, count, from));
  requests.set(key, request);
  await request;
  sent.at = Date.now();
  // If no load shows the number, such as after a failure, the old one is shown again.
  if (isCurrent()) setTimeout(() => isCurrent() && drop(key), WAIT_MS * 4);
}

/**
 * @param {Target} target
 * @param {number} count
 * @param {number} from
 */
async function scale({ uid, process, server }, count, from) {
  const text = `scale ${process} to ${count} on ${server.name}`;
  for (let attempt = 1; ; ++attempt) {
    try {
      const { data, headers } = await ask(processPath(uid, process));
      const wanted = data.response.desired[server.name] ?? 0;
      if (wanted !== from) {
        notSent(uid, text, `Not sent: somebody changed the number from ${from} to ${wanted}.`);
        return;
      }
      await start({
        uid,
        text,
        path: "/processes",
        body: { process_name: process, server_count: { [server.uid]: count } },
        headers: { "If-Match": headers.get("ETag") ?? "*" },
        from,
        passesPrecondition: attempt < ATTEMPTS,
      });
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 412) continue;
      notSent(uid, text, error.message);
      return;
    }
  }
}

/**
 * Forgets the sent numbers that a load shows.
 *
 * @param {string} uid
 * @param {number} startedAt  Of the load.
 */
export function forgetSent(uid, startedAt) {
  for (const [key, { phase, at }] of Object.entries(steps.get())) {
    if (phase === "sent" && key.startsWith(`${uid} `) && at <= startedAt) drop(key);
  }
}
