// @ts-check
// Data that a view loads.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { onRetryNow } from "./connection.js";
import { ApiError } from "./errors.js";
import { session } from "./session.js";
import { useSessionGeneration } from "./session_hooks.js";

const RETRY_MS = 5000;

/**
 * @template T
 * @typedef {object} Resource
 * @property {T|undefined} data  The last that was loaded; kept while an attempt fails.
 * @property {number} loadedAt  Milliseconds of the epoch; 0: never.
 * @property {ApiError|null} error  Of the last attempt.
 * @property {number} retryAt  When the page tries again by itself; 0: it does not.
 * @property {boolean} isLoading
 * @property {() => void} reload
 */

/**
 * Loads now, again when `key` changes and after each sign-in, and after failures that may pass.
 *
 * @template T
 * @param {string|null} key  What is loaded; null: nothing.
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @returns {Resource<T>}
 */
export function useResource(key, load) {
  const generation = useSessionGeneration();
  const latest = useRef(load);
  latest.current = load;
  const [round, setRound] = useState(0);
  const [value, setValue] = useState(
    /** @type {{key: string|null, data: T|undefined, loadedAt: number, error: ApiError|null, retryAt: number, isLoading: boolean}} */ ({
      key,
      data: undefined,
      loadedAt: 0,
      error: null,
      retryAt: 0,
      isLoading: true,
    }),
  );
  const reload = useCallback(() => setRound((n) => n + 1), []);

  useEffect(() => {
    if (key === null || session.get().state !== "in") return undefined;
    const controller = new AbortController();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    setValue((old) =>
      old.key === key
        ? { ...old, isLoading: true }
        : { key, data: undefined, loadedAt: 0, error: null, retryAt: 0, isLoading: true },
    );
    latest.current(controller.signal).then(
      (data) => {
        if (controller.signal.aborted) return;
        setValue({ key, data, loadedAt: Date.now(), error: null, retryAt: 0, isLoading: false });
      },
      (error) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        const passes = error.status === 0 || error.status === 429 || error.status === 503;
        const delay = Math.max(RETRY_MS, error.retryAfter * 1000);
        if (passes) timer = setTimeout(reload, delay);
        setValue((old) => ({
          ...old,
          error,
          retryAt: passes ? Date.now() + delay : 0,
          isLoading: false,
        }));
      },
    );
    const forgetRetry = onRetryNow(() => {
      if (timer !== undefined) reload();
    });
    return () => {
      clearTimeout(timer);
      forgetRetry();
      controller.abort();
    };
  }, [key, generation, round]);

  const isOfKey = value.key === key;
  return {
    data: isOfKey ? value.data : undefined,
    loadedAt: isOfKey ? value.loadedAt : 0,
    error: isOfKey ? value.error : null,
    retryAt: isOfKey ? value.retryAt : 0,
    isLoading: isOfKey ? value.isLoading : true,
    reload,
  };
}
