// @ts-check
// The search, the commands of the view, and the sums.

import { formatBytes, formatCount, formatPercent, formatTime } from "../format.js";
import { html } from "../html.js";
import { setQuery } from "../route.js";
import { DEFAULT_COLUMNS, settings } from "../settings.js";
import { useStore } from "../store.js";
import { Dialog } from "../ui/dialog.js";
import { valueTo } from "../ui/fields.js";
import { Icon } from "../ui/icon.js";
import { COLUMNS } from "./columns.js";

const INTERVALS = [1, 2, 5];

/**
 * @typedef {object} Commands
 * @property {() => void} tree  Tree or list.
 * @property {() => void} hold
 * @property {() => void} pause
 * @property {() => void} chooseColumns
 * @property {(id: string) => void} sortBy
 *
 * @typedef {object} ToolbarProps
 * @property {string} text  Of the search.
 * @property {string} error  What is wrong in it; "": nothing.
 * @property {{current: HTMLInputElement|null}} field
 * @property {import("./arrange.js").Summary} summary
 * @property {boolean} isComplete
 * @property {boolean} isTree
 * @property {boolean} isHeld
 * @property {number} pausedAt  0: not paused.
 * @property {import("./columns.js").Column} sorted
 * @property {boolean} descending
 * @property {boolean} isNarrow
 * @property {Commands} commands
 */

/** @param {ToolbarProps} props */
export function Toolbar(props) {
  const { isTree, isHeld, pausedAt, isNarrow, sorted, descending, commands } = props;
  const { watchSeconds } = useStore(settings);
  /** @param {string} label @param {import("../ui/icon.js").IconName} icon @param {string} title @param {() => void} run @param {boolean} [isOn] */
  const button = (label, icon, title, run, isOn) =>
    html`<button aria-label=${label} title=${title} aria-pressed=${isOn} onClick=${run}>
      <${Icon} name=${icon} /><span class="label">${label}</span>
    </button>`;
  return html`
    <div class="toolbar processes-bar">
      <h1>Processes</h1>
      <${SearchField} ...${props} />
      <span class="spacer wide-only"></span>
      ${
        isNarrow &&
        html`<select
            class="short sort"
            aria-label="Sort by"
            value=${sorted.id}
            onChange=${valueTo(commands.sortBy)}
          >
            ${COLUMNS.map(({ id, title }) => html`<option value=${id}>${title}</option>`)}
          </select>
          <button
            aria-label=${descending ? "Sort ascending" : "Sort descending"}
            onClick=${() => commands.sortBy(sorted.id)}
          >
            ${descending ? "▾" : "▴"}
          </button>`
      }
      ${button("Tree", "tree", "Children below their parents (t)", commands.tree, isTree)}
      ${button("Hold order", "lock", "Rows stay in place (h)", commands.hold, isHeld)}
      ${
        pausedAt
          ? button("Go on", "play", "Follow the processes again (p)", commands.pause)
          : button("Pause", "pause", "The list stands still (p)", commands.pause)
      }
      <select
        class="short"
        aria-label="Interval"
        title="How often the machine is scanned"
        value=${watchSeconds}
        onChange=${(/** @type {any} */ event) =>
          settings.update({ watchSeconds: Number(event.target.value) })}
      >
        ${INTERVALS.map(
          (seconds) =>
            html`<option value=${seconds}>${isNarrow ? "" : "every "}${seconds} s</option>`,
        )}
      </select>
      ${!isNarrow && button("Columns", "columns", "Choose the columns", commands.chooseColumns)}
    </div>
    <${Sums} ...${props} />
  `;
}

/** @param {ToolbarProps} props */
function Sums({ summary: { count, all, states, threads, memory, share }, isComplete, pausedAt }) {
  /** @param {any} value */
  const number = (value) => html`<b>${value}</b>`;
  return html`<p class="sums">
    ${pausedAt > 0 && html`<span class="chip warn">Paused since ${formatTime(pausedAt)}</span>`}
    ${
      isComplete
        ? html`<span
              >${count !== all && html`${number(formatCount(count))} of `}${number(formatCount(all))}${" "}
              processes</span
            >
            <span class="wide" title="Shares of one core, added: 100 % is one core"
              >CPU ${number(formatPercent(share))}</span
            >
            <span class="wide" title="Resident, added: what processes share counts for each"
              >Memory ${number(formatBytes(memory))}</span
            >
            <span>${number(formatCount(threads))} threads</span>
            <span class="muted"
              >${states.map(([state, n]) => `${formatCount(n)} ${state}`).join(" · ")}</span
            >`
        : html`<span class="muted">${all > 0 && `The first ${all} processes …`}</span>`
    }
  </p>`;
}

/** What the search understands. */
const EXAMPLES = [
  ["user:root", "Several: user:root,www-data"],
  ["state:running", "Running, sleeping, idle, zombie, …"],
  [">100M", "More resident memory than 100 MiB"],
  ["cpu>5", "More than 5 % of a core"],
  ["unit:ssh", "Of a unit whose name begins so"],
  ["stack:demo", "Of a stack, by its name or uid"],
  ["name:java", "The name contains this"],
  ["pid:1,2", "Also ppid: and session:"],
  ["-kworker", "Without what follows the minus"],
];

/** @param {ToolbarProps} props */
function SearchField({ text, error, field }) {
  /** @param {string} example */
  const add = (example) => {
    setQuery({ q: `${text} ${example}`.trim() });
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
      autocomplete="off"
      spellcheck=${false}
      dir="auto"
      value=${text}
      onInput=${valueTo((q) => setQuery({ q }))}
    />
    <div class=${`search-help ${error && "has-error"}`} id="search-help">
      ${error && html`<p class="field-error" role="alert" dir="auto">${error}</p>`}
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

/** @param {{chosen: string[], onClose: () => void}} props */
export function ColumnsDialog({ chosen, onClose }) {
  /** @param {string[]} columns */
  const choose = (columns) => settings.update({ columns });
  return html`<${Dialog} title="Columns" onClose=${onClose}>
    <div class="body">
      <p class="muted">The server reads only what is shown: fewer columns cost less.</p>
      <div class="column-choices">
        ${COLUMNS.map(
          ({ id, title, label }) =>
            html`<label class="check" key=${id} title=${label}>
              <input
                type="checkbox"
                checked=${id === "name" || chosen.includes(id)}
                disabled=${id === "name"}
                onChange=${(/** @type {any} */ event) =>
                  choose(
                    event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id),
                  )}
              />
              ${title}
            </label>`,
        )}
      </div>
      <footer>
        <button onClick=${() => choose(DEFAULT_COLUMNS)}>Usual columns</button>
        <button class="primary" onClick=${onClose}>Done</button>
      </footer>
    </div>
  <//>`;
}
