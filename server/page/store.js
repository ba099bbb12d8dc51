// @ts-check
// State that several components share.

import { useEffect, useState } from "preact/hooks";

/**
 * A value that components can watch.
 *
 * @template T
 * @typedef {object} Store
 * @property {() => T} get
 * @property {(value: T) => void} set  Nothing happens if the value is the same.
 * @property {(change: Partial<T>) => void} update  Sets some members of an object.
 * @property {(listener: (value: T) => void) => () => void} subscribe
 *   Calls the listener after each change, until the returned function is called.
 */

/**
 * @template T
 * @param {T} initial
 * @returns {Store<T>}
 */
export function createStore(initial) {
  let value = initial;
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set();
  const store = {
    get: () => value,
    /** @param {T} next */
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    /** @param {Partial<T>} change */
    update(change) {
      store.set({ ...value, ...change });
    },
    /** @param {(value: T) => void} listener */
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
  return store;
}

/**
 * The value of a store; the component renders again when it changes.
 *
 * @template T
 * @param {Store<T>} store
 * @returns {T}
 */
export function useStore(store) {
  const [, setRevision] = useState(0);
  useEffect(() => {
    const seen = store.get();
    const unsubscribe = store.subscribe(() => setRevision((n) => n + 1));
    if (!Object.is(seen, store.get())) setRevision((n) => n + 1);
    return unsubscribe;
  }, [store]);
  return store.get();
}
