// @ts-check
// The field for the search, with what it understands and what is wrong.

import { html } from "../html.js";
import { setQuery } from "../route.js";
import { Icon } from "../ui/icon.js";

const EXAMPLES = [
  ["user:root", "Of this user. Several: user:root,www-data"],
  ["state:running", "Running, sleeping, disk-sleep, stopped, zombie, …"],
  [">100M", "More resident memory than 100 MiB"],
  ["cpu>5", "More than 5 % of a core"],
  ["unit:ssh", "Of a unit of systemd whose name begins so"],
  ["stack:demo", "Of a stack, by its name or uid"],
  ["name:java", "The name contains this"],
  ["pid:1,2", "With these ids; also ppid: and session:"],
  ["-kworker", "Without what follows the minus"],
];

/** @param {{text: string, error: string, field: {current: HTMLInputElement|null}}} props */
export function SearchField({ text, error, field }) {
  /** @param {string} example */
  const add = (example) => {
    setQuery({ q: [text.trim(), example].filter(Boolean).join(" ") });
    field.current?.focus();
  };
  return html`<div class="search" role="search">
    <${Icon} name="search" />
    <input
      ref=${field}
      type="search"
      aria-label="Search processes"
      aria-describedby="search-help"
      aria-invalid=${error !== ""}
      placeholder="Name, command, user:root, >100M"
      title='Text, or KEY:VALUE, KEY>NUMBER, -TERM, "text with spaces" ( / )'
      autocomplete="off"
      spellcheck=${false}
      dir="auto"
      value=${text}
      onInput=${(/** @type {any} */ event) => setQuery({ q: event.target.value })}
    />
    <div class=${`search-help ${error && "has-error"}`} id="search-help">
      ${error && html`<p class="field-error" role="alert">${error}</p>`}
      <div class="examples">
        ${EXAMPLES.map(
          ([example, title]) =>
            html`<button
              class="small"
              tabindex="-1"
              title=${title}
              onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()}
              onClick=${() => add(example)}
            >
              ${example}
            </button>`,
        )}
      </div>
    </div>
  </div>`;
}
