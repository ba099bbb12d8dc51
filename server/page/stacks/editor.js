// @ts-check
// A field for lines of text, with their numbers and an error at one of them.

import { useRef } from "preact/hooks";
import { html } from "../html.js";
import { valueTo } from "../ui/fields.js";

/**
 * @param {object} props
 * @param {string} props.label
 * @param {string} props.value
 * @param {(value: string) => void} props.onInput
 * @param {string} [props.placeholder]
 * @param {number} props.line  Of the error; 0: of no line.
 * @param {string} props.message  The error; "": none.
 */
export function Editor({ label, value, onInput, placeholder, line, message }) {
  const gutter = useRef(/** @type {HTMLElement|null} */ (null));
  const lines = value.split("\n");
  return html`
    <div class="editor">
      <div class="gutter" aria-hidden="true" ref=${gutter}>
        ${lines.map((_, i) => html`<div key=${i} class=${i + 1 === line ? "bad" : ""}>${i + 1}</div>`)}
      </div>
      <textarea
        rows="9"
        wrap="off"
        spellcheck=${false}
        autocapitalize="off"
        dir="auto"
        aria-label=${label}
        aria-invalid=${message ? "true" : undefined}
        aria-describedby="editor-error"
        placeholder=${placeholder}
        value=${value}
        onInput=${valueTo(onInput)}
        onScroll=${(/** @type {{currentTarget: HTMLTextAreaElement}} */ event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
      ></textarea>
    </div>
    <p id="editor-error" class="field-error" role="status">
      ${message && html`${line > 0 && html`<b>Line ${line}:</b> `}<span dir="auto">${message}</span>`}
    </p>
  `;
}
