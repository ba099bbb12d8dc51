// @ts-check
// Whether the server answers, over all requests and streams of the page.

import { createStore } from "./store.js";

/**
 * @typedef {object} Connection
 * @property {"ok"|"lost"} state
 * @property {number} since  When the state began, in milliseconds of the epoch.
 * @property {number} retryAt  When a stream tries again; 0: no attempt is planned.
 */

export const connection = createStore(
  /** @type {Connection} */ ({ state: "ok", since: Date.now(), retryAt: 0 }),
);

/** A request or a stream got an answer. */
export function answered() {
  if (connection.get().state !== "ok") {
    connection.set({ state: "ok", since: Date.now(), retryAt: 0 });
  }
}

/**
 * A request or a stream got none.
 *
 * @param {number} [retryAt]
 */
export function lost(retryAt = 0) {
  const { state, since, retryAt: planned } = connection.get();
  connection.set({
    state: "lost",
    since: state === "lost" ? since : Date.now(),
    retryAt: retryAt || planned,
  });
}

/** @type {Set<() => void>} */
const retries = new Set();

/**
 * Registers what retryNow() calls; returns what takes it back.
 *
 * @param {() => void} retry
 */
export function onRetryNow(retry) {
  retries.add(retry);
  return () => {
    retries.delete(retry);
  };
}

/** Ends the waits of all streams and reloads. */
export function retryNow() {
  for (const retry of [...retries]) retry();
}
