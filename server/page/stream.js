// @ts-check
// Streams of server-sent events, read with fetch: EventSource cannot send the session's key.
//
// A stream closes while the tab is hidden, goes on where it was (Last-Event-ID) when it is
// shown, and connects again after a failure: after 1, 2, 4, 8, then 15 seconds.

import { useEffect, useRef, useState } from "preact/hooks";
import { send } from "./api.js";
import { lost, onRetryNow } from "./connection.js";
import { ApiError } from "./errors.js";
import { EventParser } from "./event_parser.js";
import { session } from "./session.js";
import { useSessionGeneration } from "./session_hooks.js";

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 15000;
// The server sends a sign of life after 30 s of quiet at most.
const SILENCE_MS = 45000;

/**
 * @typedef {"connecting"|"open"|"waiting"|"hidden"|"ended"} StreamState
 *   "waiting": for the next attempt. "ended": refused, an attempt would not help.
 *
 * @typedef {object} StreamOptions
 * @property {string} path  With its query.
 * @property {(events: {type: string, data: any, id: string}[]) => void} onEvents
 *   Called with all events of a chunk; `data` is parsed JSON.
 * @property {(state: StreamState, error: ApiError|null, retryAt: number) => void} [onState]
 * @property {boolean} [resumes]  Sends the last id (default). False: each connection is a new one.
 */

/**
 * Opens a stream; returns the function that closes it.
 *
 * @param {StreamOptions} options
 * @returns {() => void}
 */
export function openStream({ path, onEvents, onState = () => {}, resumes = true }) {
  let lastId = "";
  let wait = FIRST_WAIT_MS;
  let closed = false;
  /** @type {AbortController|null} */
  let controller = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  const connect = async () => {
    clearTimeout(timer);
    timer = undefined;
    if (closed || controller) return;
    if (document.hidden) {
      onState("hidden", null, 0);
      return;
    }
    if (session.get().state === "out") {
      onState("ended", null, 0);
      return;
    }
    const mine = (controller = new AbortController());
    onState("connecting", null, 0);
    try {
      const response = await send(path, {
        headers: {
          Accept: "text/event-stream",
          ...(resumes && lastId ? { "Last-Event-ID": lastId } : {}),
        },
        signal: mine.signal,
      });
      onState("open", null, 0);
      await read(response, mine);
      throw new ApiError({ request: `GET ${path}`, status: 0, message: "The stream broke off." });
    } catch (error) {
      if (controller === mine) controller = null;
      if (closed || mine.signal.aborted) return;
      fail(
        error instanceof ApiError
          ? error
          : new ApiError({ request: `GET ${path}`, status: 0, message: "The stream broke off." }),
      );
    }
  };

  /** @param {ApiError} error */
  const fail = (error) => {
    const waits = error.status === 0 || error.status === 429 || error.status >= 500;
    if (!waits || error.status === 501) {
      onState("ended", error, 0);
      return;
    }
    const delay = Math.max(wait, error.retryAfter * 1000);
    wait = Math.min(wait * 2, MAX_WAIT_MS);
    const retryAt = Date.now() + delay;
    if (error.isDisconnected) lost(retryAt);
    onState("waiting", error, retryAt);
    timer = setTimeout(connect, delay);
  };

  /**
   * @param {Response} response
   * @param {AbortController} mine
   */
  const read = async (response, mine) => {
    const parser = new EventParser();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (;;) {
      const silence = setTimeout(() => reader.cancel().catch(() => {}), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done || mine.signal.aborted) return;
      wait = FIRST_WAIT_MS;
      const events = parser.push(value);
      if (parser.lastId) lastId = parser.lastId;
      if (events.length === 0) continue;
      onEvents(
        events.map(({ type, data, id }) => ({ type, id, data: data ? JSON.parse(data) : null })),
      );
    }
  };

  const disconnect = () => {
    clearTimeout(timer);
    timer = undefined;
    const old = controller;
    controller = null;
    old?.abort();
  };

  const onVisibility = () => {
    if (document.hidden) {
      disconnect();
      onState("hidden", null, 0);
    } else {
      wait = FIRST_WAIT_MS;
      connect();
    }
  };

  document.addEventListener("visibilitychange", onVisibility);
  const forgetRetry = onRetryNow(() => {
    if (timer !== undefined) connect();
  });
  connect();
  return () => {
    closed = true;
    document.removeEventListener("visibilitychange", onVisibility);
    forgetRetry();
    disconnect();
  };
}

/**
 * A stream that lives as long as the component, and begins again with another path and after
 * a new sign-in. `onEvents` may change from render to render.
 *
 * @param {string|null} path  Null: no stream.
 * @param {(events: {type: string, data: any, id: string}[]) => void} onEvents
 * @param {{resumes?: boolean}} [options]
 * @returns {{state: StreamState, error: ApiError|null, retryAt: number}}
 */
export function useStream(path, onEvents, { resumes = true } = {}) {
  const generation = useSessionGeneration();
  const latest = useRef(onEvents);
  latest.current = onEvents;
  const [status, setStatus] = useState(
    /** @type {{state: StreamState, error: ApiError|null, retryAt: number}} */ ({
      state: "connecting",
      error: null,
      retryAt: 0,
    }),
  );
  useEffect(() => {
    if (path === null || session.get().state !== "in") return undefined;
    return openStream({
      path,
      resumes,
      onEvents: (events) => latest.current(events),
      onState: (state, error, retryAt) => setStatus({ state, error, retryAt }),
    });
  }, [path, generation, resumes]);
  return status;
}
