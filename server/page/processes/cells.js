// @ts-check
// A row of the list: cells in columns, or a card where the window is narrow.

import { formatBytes, formatPercent } from "../format.js";
import { html } from "../html.js";
import { Icon } from "../ui/icon.js";
import { find, SUM_COLUMNS } from "./columns.js";

/**
 * @typedef {import("./model.js").ProcessRecord} ProcessRecord
 * @typedef {import("./columns.js").Column} Column
 */

// Deeper levels are not indented further.
const MAX_GUIDES = 12;

/** @type {Record<string, string>} */
const GUIDE_CLASSES = { "│": "line", "├": "tee", "└": "elbow", " ": "" };

/**
 * @param {ProcessRecord} record
 * @param {(record: ProcessRecord) => void} onToggle
 */
function branch(record, onToggle) {
  const { guides, children, isOpen } = record;
  return html`
    ${[...guides.slice(-MAX_GUIDES)].map((guide) => html`<i class="guide ${GUIDE_CLASSES[guide]}"></i>`)}
    ${
      children.length > 0
        ? html`<button
            class="quiet small toggle ${isOpen ? "open" : ""}"
            tabindex="-1"
            aria-label=${isOpen ? "Hide the children" : "Show the children"}
            onClick=${(/** @type {Event} */ event) => {
              event.stopPropagation();
              onToggle(record);
            }}
          >
            <${Icon} name="chevron" />
          </button>`
        : html`<i class="guide leaf"></i>`
    }
  `;
}

/** @type {Record<string, string>} */
const STATE_CLASSES = {
  running: "good",
  zombie: "bad",
  dead: "bad",
  stopped: "warn",
  "disk-sleep": "warn",
};

/**
 * @param {ProcessRecord} record
 * @param {Column[]} columns
 * @param {((record: ProcessRecord) => void)|null} onToggle  Null: a list.
 */
export function rowCells(record, columns, onToggle) {
  return columns.map((column) => {
    const { id, isNumber } = column;
    const tone = id === "state" ? `state ${STATE_CLASSES[record.p.state ?? ""] ?? ""}` : "";
    const className = isNumber ? "number" : id === "command" ? "command" : tone;
    const text = column.text(record);
    if (id === "name" && onToggle) {
      return html`<div role="gridcell" class="name" title=${text}>
        ${branch(record, onToggle)}<span dir="auto">${text}</span>
      </div>`;
    }
    return html`<div
      role="gridcell"
      class=${className}
      dir=${isNumber ? undefined : "auto"}
      title=${column.exact(record)}
    >
      ${text}
    </div>`;
  });
}

/**
 * @param {ProcessRecord} record
 * @param {Column} sorted  What the order is by, if the card does not show it anyway.
 * @param {((record: ProcessRecord) => void)|null} onToggle
 */
export function cardCells(record, sorted, onToggle) {
  const { p, share, shareSum, memorySum } = record;
  const cpu = onToggle ? SUM_COLUMNS.cpu : find("cpu");
  const memory = onToggle ? SUM_COLUMNS.memory : find("memory");
  const isOther = !["pid", "user", "name", "state", "cpu", "memory", "command"].includes(sorted.id);
  return html`
    <div role="gridcell" class="card-name">
      ${onToggle && branch(record, onToggle)}<strong dir="auto">${p.name || "–"}</strong>
      <span class="muted">${p.pid}</span>
    </div>
    <div role="gridcell" class="number" title=${cpu.exact(record)}>
      ${formatPercent(onToggle ? shareSum : share)}
    </div>
    <div role="gridcell" class="number" title=${memory.exact(record)}>
      ${formatBytes(onToggle ? memorySum : p.memory)}
    </div>
    <div role="gridcell" class="muted command" dir="auto">
      ${isOther && `${sorted.title} ${sorted.text(record)} · `}${find("command").text(record)}
    </div>
    <div role="gridcell" class="muted state">
      ${p.user && html`<span dir="auto">${p.user}</span> · `}${p.state || "–"}
    </div>
  `;
}
