// @ts-check
// A button that copies a text.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";

const CONFIRMED_MS = 2000;

/**
 * @param {object} props
 * @param {string|(() => string)} props.text  A function is called when the button is.
 * @param {string} props.label
 */
export function CopyButton({ text, label }) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    const value = typeof text === "string" ? text : text();
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      // Without https, browsers offer this to localhost only.
      const area = document.createElement("textarea");
      area.value = value;
      (document.querySelector("dialog[open]") ?? document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setDone(true);
    setTimeout(() => setDone(false), CONFIRMED_MS);
  };
  return html`<button class="quiet small" title=${label} aria-label=${label} onClick=${copy}>
    <${Icon} name=${isDone ? "check" : "copy"} />
  </button>`;
}
