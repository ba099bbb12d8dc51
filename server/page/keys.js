// @ts-check
// Shortcuts. A single key works outside of fields only, and can be turned off in the help.

import { useEffect, useRef } from "preact/hooks";
import { settings } from "./settings.js";

/**
 * @typedef {object} Shortcut
 * @property {string} keys  "t", "/", "Escape", "g p" (one after the other), "+".
 * @property {string} label  For the help.
 * @property {string} group  The heading in the help: "Everywhere", "Processes", ...
 * @property {(event: KeyboardEvent) => boolean|void} run  Returns false if the key was not for it.
 */

/** @type {Set<{current: Shortcut[]}>} */
const registered = new Set();

// The second key of "g p" comes within this time. Milliseconds.
const SEQUENCE_MS = 1500;
let prefix = "";
let prefixAt = 0;

/**
 * Shortcuts while the component is shown. Later ones go first.
 *
 * @param {Shortcut[]} shortcuts
 */
export function useShortcuts(shortcuts) {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    registered.add(latest);
    return () => {
      registered.delete(latest);
    };
  }, []);
}

/** All present shortcuts, for the help. */
export function presentShortcuts() {
  return [...registered].flatMap(({ current }) => current);
}

/** @param {EventTarget|null} target */
function isField(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** @param {EventTarget|null} target */
function activates(target) {
  return target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  if (isField(event.target) && key !== "Escape") return;
  if (key.length === 1 && !settings.get().singleKeys && key !== "?") return;
  // A dialog takes the keys of the view below it.
  const dialog = document.querySelector("dialog[open]");
  if (dialog && key !== "?") return;
  if (activates(event.target) && (key === "Enter" || key === " ")) return;

  const sequence = Date.now() - prefixAt < SEQUENCE_MS ? `${prefix} ${key}` : "";
  prefix = "";
  const shortcuts = [...registered].reverse().flatMap(({ current }) => current);
  for (const shortcut of shortcuts) {
    if (shortcut.keys !== sequence && shortcut.keys !== key) continue;
    if (shortcut.run(event) === false) continue;
    event.preventDefault();
    return;
  }
  if (shortcuts.some(({ keys }) => keys.startsWith(`${key} `))) {
    prefix = key;
    prefixAt = Date.now();
  }
});
