// @ts-check
// The events of the stream that the view of stacks follows, given to all its parts, which open no
// streams of their own: a browser has about six connections to a server.

import { useEffect, useRef } from "preact/hooks";

/**
 * @typedef {import("./stacks/model.js").StackEvent} StackEvent
 * @typedef {{type: string, data: any}} FeedEvent
 *   `type` is that of the stream, or "reload": what belongs to `data.stack_uid` may have changed
 *   (absent: everything may).
 */

/** @type {Set<(events: FeedEvent[]) => void>} */
const listeners = new Set();

/**
 * Calls the listener with all events to come; returns what ends that.
 *
 * @param {(events: FeedEvent[]) => void} listener
 */
export function onEvents(listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** @param {FeedEvent[]} events */
export function emit(events) {
  for (const listener of [...listeners]) listener(events);
}

// Events that come together cost one request; a storm of them, two in a second. Milliseconds.
const FIRST_WAIT_MS = 100;
const NEXT_WAIT_MS = 500;

/**
 * Reloads a resource soon after events that concern it.
 *
 * @param {import("./resource.js").Resource<any>} resource
 * @param {(event: FeedEvent) => boolean} concerns
 */
export function useReloads(resource, concerns) {
  const latest = useRef({ resource, concerns });
  latest.current = { resource, concerns };
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    let lastAt = 0;
    const reload = () => {
      timer = undefined;
      // What is under way may be older than the event: it ends first.
      if (latest.current.resource.isLoading) {
        timer = setTimeout(reload, FIRST_WAIT_MS);
        return;
      }
      lastAt = Date.now();
      latest.current.resource.reload();
    };
    const forget = onEvents((events) => {
      if (timer !== undefined || !events.some((event) => latest.current.concerns(event))) return;
      timer = setTimeout(
        reload,
        Date.now() - lastAt > 2 * NEXT_WAIT_MS ? FIRST_WAIT_MS : NEXT_WAIT_MS,
      );
    });
    return () => {
      forget();
      clearTimeout(timer);
    };
  }, []);
}

/** Whether an event may have changed what belongs to a stack. @param {FeedEvent} event @param {string} uid */
export function isOf({ type, data }, uid) {
  return type === "gap" || !data?.stack_uid || data.stack_uid === uid;
}
