// @ts-check
// A button that opens a list of commands.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {() => void} run
 * @property {string} [disabled]  Why the command cannot be used; absent: it can.
 * @property {boolean} [danger]
 */

/**
 * @param {object} props
 * @param {string} props.label  The accessible name of the button.
 * @param {(MenuItem|null|false)[]} props.items
 * @param {any} [props.children]  In the button; three dots if absent.
 * @param {string} [props.className]
 */
export function Menu({ label, items, children, className = "quiet" }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(/** @type {HTMLElement|null} */ (null));

  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!isOpen) return undefined;
    /** @type {HTMLElement|null|undefined} */ (
      root.current?.querySelector('[role="menuitem"]:not([aria-disabled="true"])')
    )?.focus();
    /** @param {Event} event */
    const onOutside = (event) => {
      if (!root.current?.contains(/** @type {Node} */ (event.target))) setOpen(false);
    };
    document.addEventListener("pointerdown", onOutside);
    return () => document.removeEventListener("pointerdown", onOutside);
  }, [isOpen]);

  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (!isOpen) return;
    const entries = /** @type {HTMLElement[]} */ ([
      ...(root.current?.querySelectorAll('[role="menuitem"]') ?? []),
    ]);
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: (at + 1) % entries.length,
      ArrowUp: (at - 1 + entries.length) % entries.length,
      Home: 0,
      End: entries.length - 1,
    });
    if (event.key in steps) entries[steps[event.key]].focus();
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };

  return html`<span class="menu" ref=${root} onKeyDown=${onKeyDown}>
    <button
      class=${className}
      aria-label=${label}
      title=${label}
      aria-haspopup="menu"
      aria-expanded=${isOpen}
      onClick=${() => setOpen(!isOpen)}
    >
      ${children ?? html`<${Icon} name="more" />`}
    </button>
    ${
      isOpen &&
      html`<div class="menu-items" role="menu" aria-label=${label}>
        ${items.map(
          (item) =>
            item &&
            html`<button
              role="menuitem"
              tabindex="-1"
              class=${item.danger ? "danger-text" : ""}
              aria-disabled=${item.disabled ? "true" : "false"}
              title=${item.disabled ?? ""}
              onClick=${() => {
                if (item.disabled) return;
                close();
                item.run();
              }}
            >
              ${item.label}
            </button>`,
        )}
      </div>`
    }
  </span>`;
}
