// @ts-check
// The present time for ages and countdowns, which stands still while the tab is hidden.

import { useEffect, useState } from "preact/hooks";

/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {ReturnType<typeof setInterval>|undefined} */
let timer;

function run() {
  const wanted = listeners.size > 0 && !document.hidden;
  if (wanted && timer === undefined) {
    timer = setInterval(() => {
      for (const listener of [...listeners]) listener();
    }, 1000);
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

document.addEventListener("visibilitychange", run);

/**
 * Milliseconds of the epoch; the component renders again each second.
 *
 * @param {boolean} [isActive]  False: no ticks.
 */
export function useNow(isActive = true) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isActive) return undefined;
    const tick = () => setNow(Date.now());
    listeners.add(tick);
    run();
    return () => {
      listeners.delete(tick);
      run();
    };
  }, [isActive]);
  return isActive ? now : Date.now();
}
