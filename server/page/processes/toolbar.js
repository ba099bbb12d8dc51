// @ts-check
// The commands of the view, and the sums.

import { formatBytes, formatCount, formatPercent, formatTime, plural } from "../format.js";
import { html } from "../html.js";
import { settings } from "../settings.js";
import { useStore } from "../store.js";
import { Icon } from "../ui/icon.js";
import { COLUMNS } from "./columns.js";
import { SearchField } from "./search_field.js";

const INTERVALS = [1, 2, 5];

/**
 * @param {object} props
 * @param {string} props.text
 * @param {string} props.error
 * @param {{current: HTMLInputElement|null}} props.field
 * @param {import("./arrange.js").Summary} props.summary
 * @param {boolean} props.isComplete
 * @param {boolean} props.isTree
 * @param {boolean} props.isHeld
 * @param {number} props.pausedAt  0: not paused.
 * @param {import("./columns.js").Column} props.sorted
 * @param {boolean} props.descending
 * @param {boolean} props.isNarrow
 * @param {() => void} props.onTree
 * @param {() => void} props.onHold
 * @param {() => void} props.onPause
 * @param {(id: string) => void} props.onSort
 * @param {() => void} props.onColumns
 */
export function Toolbar(props) {
  const { pausedAt, isNarrow, sorted, descending } = props;
  const { watchSeconds } = useStore(settings);
  return html`
    <div class="toolbar processes-bar">
      <h1 class="wide-only">Processes</h1>
      <${SearchField} text=${props.text} error=${props.error} field=${props.field} />
      <span class="spacer wide-only"></span>
      ${
        isNarrow &&
        html`<select
            class="short sort"
            aria-label="Sort by"
            value=${sorted.id}
            onChange=${(/** @type {any} */ event) => props.onSort(event.target.value)}
          >
            ${COLUMNS.map(({ id, title }) => html`<option value=${id}>${title}</option>`)}
          </select>
          <button
            aria-label=${descending ? "Descending. Sort ascending" : "Ascending. Sort descending"}
            onClick=${() => props.onSort(sorted.id)}
          >
            ${descending ? "▾" : "▴"}
          </button>`
      }
      <${Toggle}
        label="Tree"
        icon="tree"
        title="Show children below their parents (t)"
        isOn=${props.isTree}
        onClick=${props.onTree}
      />
      <${Toggle}
        label="Hold order"
        icon="lock"
        title="Rows keep their places; new ones come last (h)"
        isOn=${props.isHeld}
        onClick=${props.onHold}
      />
      <${Toggle}
        label=${pausedAt ? "Go on" : "Pause"}
        icon=${pausedAt ? "play" : "pause"}
        title=${pausedAt ? "Follow the processes again (p)" : "The list stands still (p)"}
        onClick=${props.onPause}
      />
      <select
        class="short"
        aria-label="Interval of refreshing"
        title="How often the machine is scanned"
        value=${watchSeconds}
        onChange=${(/** @type {any} */ event) =>
          settings.update({ watchSeconds: Number(event.target.value) })}
      >
        ${INTERVALS.map((seconds) => html`<option value=${seconds}>${isNarrow ? "" : "every "}${seconds} s</option>`)}
      </select>
      ${!isNarrow && html`<${Toggle} label="Columns" icon="columns" title="Choose the columns" onClick=${props.onColumns} />`}
    </div>
    <${Sums} ...${props} />
  `;
}

/**
 * A button with an icon, whose label hides where it is narrow.
 *
 * @param {{label: string, icon: import("../ui/icon.js").IconName, title: string, isOn?: boolean, onClick: () => void}} props
 */
function Toggle({ label, icon, title, isOn, onClick }) {
  return html`<button aria-label=${label} title=${title} aria-pressed=${isOn} onClick=${onClick}>
    <${Icon} name=${icon} /><span class="label">${label}</span>
  </button>`;
}

/** @param {{summary: import("./arrange.js").Summary, isComplete: boolean, pausedAt: number, onPause: () => void}} props */
function Sums({ summary, isComplete, pausedAt }) {
  const { count, all, states, threads, memory, share } = summary;
  const isPart = count !== all;
  return html`<p class="sums">
    ${pausedAt > 0 && html`<strong class="chip warn">Paused since ${formatTime(pausedAt)}</strong>`}
    ${
      isComplete
        ? html`<span
              ><b>${isPart ? `${formatCount(count)} of ${formatCount(all)}` : formatCount(all)}</b>
              ${" "}${all === 1 ? "process" : "processes"}</span
            >
            <span title="Shares of one core, added: 100 % is one core">
              CPU <b class="wide-number">${formatPercent(share)}</b></span
            >
            <span title="Resident memory, added. Memory that processes share counts for each.">
              Memory <b class="wide-number">${formatBytes(memory)}</b></span
            >
            <span><b>${formatCount(threads)}</b> threads</span>
            <span class="muted">
              ${states.map(([state, n]) => `${formatCount(n)} ${state}`).join(" · ")}</span
            >`
        : html`<span class="muted"
            >${all > 0 ? `The first ${plural(all, "process", "processes")} …` : " "}</span
          >`
    }
  </p>`;
}
