// @ts-check
// Which columns the list has. The server reads only what they need.

import { html } from "../html.js";
import { DEFAULT_COLUMNS, settings } from "../settings.js";
import { Dialog } from "../ui/dialog.js";
import { COLUMNS } from "./columns.js";

/** @param {{chosen: string[], onClose: () => void}} props */
export function ColumnsDialog({ chosen, onClose }) {
  /** @param {string} id @param {boolean} isOn */
  const choose = (id, isOn) =>
    settings.update({ columns: isOn ? [...chosen, id] : chosen.filter((one) => one !== id) });
  return html`<${Dialog} title="Columns" onClose=${onClose}>
    <div class="body">
      <p class="muted">The server reads only what is shown: fewer columns cost less.</p>
      <div class="column-choices">
        ${COLUMNS.map(
          ({ id, label }) =>
            html`<label class="check" key=${id}>
              <input
                type="checkbox"
                checked=${id === "name" || chosen.includes(id)}
                disabled=${id === "name"}
                onChange=${(/** @type {any} */ event) => choose(id, event.target.checked)}
              />
              ${label}
            </label>`,
        )}
      </div>
      <footer>
        <button onClick=${() => settings.update({ columns: DEFAULT_COLUMNS })}>
          Usual columns
        </button>
        <button class="primary" onClick=${onClose}>Done</button>
      </footer>
    </div>
  <//>`;
}
