// @ts-check
// The processes and servers of a stack, present while the view is shown.

import { askAll } from "../api.js";
import { useResource } from "../resource.js";
import { isOf, useReloads } from "../feed.js";
import { stackPath } from "./model.js";
import { forgetSent } from "./steps.js";

/**
 * @typedef {object} Parts
 * @property {import("./model.js").Process[]} processes
 * @property {import("./model.js").Server[]} servers
 */

// Servers join stacks rarely: an event costs one request, for the processes.
/** @type {Map<string, Promise<import("./model.js").Server[]>>} */
const servers = new Map();

/** @param {string} uid @param {AbortSignal} [signal] @returns {Promise<import("./model.js").Process[]>} */
export function loadProcesses(uid, signal) {
  return askAll(`${stackPath(uid)}/processes`, { signal });
}

/** @param {string} uid */
function serversOf(uid) {
  let list = servers.get(uid);
  if (!list) {
    list = askAll(`${stackPath(uid)}/servers`);
    list.catch(() => servers.delete(uid));
    servers.set(uid, list);
  }
  return list;
}

/** @param {string} uid @param {AbortSignal} signal @returns {Promise<Parts>} */
async function load(uid, signal) {
  const startedAt = Date.now();
  const [processes, known] = await Promise.all([loadProcesses(uid, signal), serversOf(uid)]);
  const isKnown = processes.every(({ desired }) =>
    Object.keys(desired).every((name) => known.some((server) => server.name === name)),
  );
  if (!isKnown) servers.delete(uid);
  // After the numbers of this load are on the screen.
  setTimeout(() => forgetSent(uid, startedAt));
  return { processes, servers: isKnown ? known : await serversOf(uid) };
}

/** @param {import("./model.js").Stack} stack */
export function useParts({ uid }) {
  const parts = useResource(`parts of ${uid}`, (signal) => load(uid, signal));
  useReloads(parts, (event) => isOf(event, uid));
  return parts;
}
