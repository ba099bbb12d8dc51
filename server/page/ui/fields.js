// @ts-check
// Fields, and their values.

import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";

// What is typed counts after this pause. Milliseconds.
const TYPING_MS = 250;

/**
 * A listener of events of a field, which passes on its value.
 *
 * @param {(value: string) => void} set
 * @returns {(event: {currentTarget: {value: string}}) => void}
 */
export function valueTo(set) {
  return ({ currentTarget }) => set(currentTarget.value);
}

/**
 * A field whose value counts when typing has paused.
 *
 * @param {object} props
 * @param {string} props.label
 * @param {string} props.value
 * @param {(value: string) => void} props.onValue
 * @param {{current: HTMLInputElement|null}} [props.field]
 * @param {string} [props.error]  What is wrong with the value.
 */
export function SearchField({ label, value, onValue, field, error }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => onValue(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return html`<div class="search-field">
    <input
      ref=${field}
      type="search"
      dir="auto"
      spellcheck="false"
      maxlength="500"
      aria-label=${label}
      placeholder=${label}
      aria-invalid=${error ? "true" : "false"}
      value=${typed}
      onInput=${valueTo(setTyped)}
    />
    ${error && html`<p class="field-error" role="alert" dir="auto">${error}</p>`}
  </div>`;
}

/**
 * A choice. Options are [value, label]; a label that is a list of options makes a group.
 *
 * @param {object} props
 * @param {string} props.label
 * @param {string} props.value
 * @param {[string, any][]} props.options
 * @param {(value: string) => void} props.onValue
 */
export function Select({ label, value, options, onValue }) {
  /** @param {[string, any]} option @returns {any} */
  const render = ([name, text]) =>
    Array.isArray(text)
      ? html`<optgroup label=${name}>${text.map(render)}</optgroup>`
      : html`<option key=${name} value=${name}>${text}</option>`;
  return html`<select aria-label=${label} value=${value} onChange=${valueTo(onValue)}>
    ${options.map(render)}
  </select>`;
}
