// @ts-check
// What has happened: a line at the edge of the page for a few seconds, which screen readers read
// when they are done with what they say. For results of actions only.

import { html } from "../html.js";
import { createStore, useStore } from "../store.js";
import { Icon } from "./icon.js";

/**
 * @typedef {object} Announcement
 * @property {number} id
 * @property {string} text
 * @property {"good"|"bad"|"info"} tone
 */

const SHOWN_MS = 8000;
const MAX_SHOWN = 3;

/** @type {import("../store.js").Store<Announcement[]>} */
const announcements = createStore(/** @type {Announcement[]} */ ([]));
let lastId = 0;

/** @param {number} id */
function remove(id) {
  announcements.set(announcements.get().filter((one) => one.id !== id));
}

/**
 * @param {string} text  A sentence.
 * @param {"good"|"bad"|"info"} [tone]  A bad one stays until it is closed.
 */
export function announce(text, tone = "info") {
  const id = ++lastId;
  announcements.set([...announcements.get(), { id, text, tone }].slice(-MAX_SHOWN));
  if (tone !== "bad") setTimeout(() => remove(id), SHOWN_MS);
}

const ICONS = /** @type {const} */ ({ good: "check", bad: "warn", info: "log" });

export function Announcements() {
  const shown = useStore(announcements);
  return html`<div class="announcements" role="status" aria-live="polite">
    ${shown.map(
      ({ id, text, tone }) =>
        html`<div class="announcement ${tone}" key=${id}>
          <${Icon} name=${ICONS[tone]} />
          <span dir="auto">${text}</span>
          <button class="quiet small" aria-label="Close the message" onClick=${() => remove(id)}>
            <${Icon} name="close" />
          </button>
        </div>`,
    )}
  </div>`;
}
