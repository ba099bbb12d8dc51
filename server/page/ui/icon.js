// @ts-check
// Icons, drawn in a square of 16 units with lines of 1.5.

import { html } from "../html.js";

const PATHS = {
  mark: "M3 3v10M6 3v10M9 3v10M12 3v10M1 11.5 14.5 4.5",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.5 10.5 14 14",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  chevron: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.5v9l7.5-4.5Z",
  restart: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  download: "M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10",
  wrap: "M2 4h12M2 8h9.5a2 2 0 0 1 0 4H8M9.5 10.5 8 12l1.5 1.5M2 12h3",
  tree: "M3 3h4M3 3v9.5h4M3 8h4M9.5 8h4M9.5 12.5h4M9.5 3h4",
  list: "M2.5 4h11M2.5 8h11M2.5 12h11",
  log: "M3 2.5h10v11H3ZM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
  warn: "M8 2 14.5 13.5h-13ZM8 6.5V10M8 12h.01",
  check: "M3 8.5 6.5 12 13 4.5",
  lock: "M3.5 7.5h9v6h-9ZM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  edit: "M3 13l.5-3L10.5 3 13 5.5 6 12.5Z",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9",
  user: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8ZM2.5 14c.5-2.5 2.5-4 5.5-4s5 1.5 5.5 4",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.3a1.75 1.75 0 1 1 2.5 1.6c-.6.3-.8.6-.8 1.2M8 11.3h.01",
  columns: "M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * An icon, which says nothing to a screen reader: the button around it has the name.
 *
 * @param {{name: IconName}} props
 */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d=${PATHS[name]} />
  </svg>`;
}
