// @ts-check
// The help: the shortcuts of the present view.

import { html } from "./html.js";
import { presentShortcuts } from "./keys.js";
import { settings } from "./settings.js";
import { useStore } from "./store.js";
import { Dialog } from "./ui/dialog.js";

/** @type {Record<string, string>} */
const KEY_NAMES = {
  Escape: "Esc",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** @param {{onClose: () => void}} props */
export function Help({ onClose }) {
  const { singleKeys } = useStore(settings);
  /** @type {Map<string, Map<string, string[]>>} Group, then label, then keys. */
  const groups = new Map();
  for (const { keys, label, group } of presentShortcuts()) {
    const labels = groups.get(group) ?? new Map();
    groups.set(group, labels);
    labels.set(label, [...(labels.get(label) ?? []), keys]);
  }
  return html`<${Dialog} title="Help" onClose=${onClose} className="wide">
    <div class="body help">
      ${[...groups].map(
        ([group, labels]) =>
          html`<section>
            <h3>${group}</h3>
            <dl>
              ${[...labels].map(
                ([label, all]) =>
                  html`<div>
                    <dt>
                      ${all.map((keys) =>
                        keys.split(" ").map((key) => html`<kbd>${KEY_NAMES[key] ?? key}</kbd>`),
                      )}
                    </dt>
                    <dd>${label}</dd>
                  </div>`,
              )}
            </dl>
          </section>`,
      )}
      <label class="check">
        <input
          type="checkbox"
          checked=${singleKeys}
          onChange=${(/** @type {any} */ event) =>
            settings.update({ singleKeys: event.target.checked })}
        />
        Shortcuts of single keys
      </label>
      <p class="muted">The API that this page uses is described at <a href="/docs">/docs</a>.</p>
    </div>
  <//>`;
}
