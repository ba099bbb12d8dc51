// @ts-check
// What a person has chosen, kept in this browser.

import { createStore } from "./store.js";

const KEY = "tallyman.settings";

/**
 * @typedef {object} Settings
 * @property {"system"|"light"|"dark"} theme
 * @property {boolean} singleKeys  Shortcuts of one key work (WCAG 2.1.4).
 * @property {string[]} columns  Of the list of processes.
 * @property {number} watchSeconds  How often the list of processes is scanned.
 * @property {boolean} wrapLines  Of logs.
 */

export const DEFAULT_COLUMNS = [
  "pid",
  "user",
  "name",
  "state",
  "cpu",
  "memory",
  "threads",
  "started",
  "command",
];

/** @type {Settings} */
const DEFAULTS = {
  theme: "system",
  singleKeys: true,
  columns: DEFAULT_COLUMNS,
  watchSeconds: 2,
  wrapLines: true,
};

/** @returns {Settings} */
function read() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

export const settings = createStore(read());

/** @param {Settings} value */
function apply(value) {
  if (value.theme === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = value.theme;
}

apply(settings.get());
settings.subscribe((value) => {
  apply(value);
  try {
    localStorage.setItem(KEY, JSON.stringify(value));
  } catch {
    // The storage is full or off: the choice holds for this tab.
  }
});
// Another tab changed something.
addEventListener("storage", (event) => {
  if (event.key === KEY) settings.set(read());
});
