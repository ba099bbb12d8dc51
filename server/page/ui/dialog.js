// @ts-check
// Dialogs: the element <dialog> keeps the focus inside and gives it back.

import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { createStore, useStore } from "../store.js";
import { Icon } from "./icon.js";

let lastId = 0;

/**
 * A dialog that is open as long as it is rendered.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {() => void} [props.onClose]  Absent: it cannot be closed.
 * @param {string} [props.className]  "wide", "drawer".
 * @param {any} props.children
 */
export function Dialog({ title, onClose, className = "", children }) {
  const ref = useRef(/** @type {HTMLDialogElement|null} */ (null));
  const id = useRef(`dialog-${++lastId}`).current;
  useEffect(() => {
    const dialog = /** @type {HTMLDialogElement} */ (ref.current);
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return html`<dialog
    ref=${ref}
    class=${className}
    aria-labelledby=${id}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      onClose?.();
    }}
    onMouseDown=${(/** @type {MouseEvent} */ event) => {
      if (event.target === ref.current) onClose?.();
    }}
  >
    <div class="dialog">
      <header>
        <h2 id=${id} dir="auto">${title}</h2>
        ${
          onClose &&
          html`<button class="quiet" aria-label="Close" onClick=${onClose}>
            <${Icon} name="close" />
          </button>`
        }
      </header>
      ${children}
    </div>
  </dialog>`;
}

/**
 * @typedef {object} Question
 * @property {string} title  "Stop all instances of web?"
 * @property {any} text  What will happen.
 * @property {string} verb  Of the button: "Stop 4 processes".
 * @property {(answer: boolean) => void} answer
 */

/** @type {import("../store.js").Store<Question|null>} */
const question = createStore(/** @type {Question|null} */ (null));

/**
 * Asks before something that cannot be undone.
 *
 * @param {{title: string, text: any, verb: string}} parts
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, verb }) {
  question.get()?.answer(false);
  return new Promise((resolve) => {
    question.set({
      title,
      text,
      verb,
      answer: (value) => {
        question.set(null);
        resolve(value);
      },
    });
  });
}

/** Shows the question of confirm(). */
export function Questions() {
  const asked = useStore(question);
  if (!asked) return null;
  return html`<${Dialog} title=${asked.title} onClose=${() => asked.answer(false)}>
    <div class="body">${asked.text}</div>
    <footer>
      <button onClick=${() => asked.answer(false)}>Cancel</button>
      <button class="danger" autofocus onClick=${() => asked.answer(true)}>${asked.verb}</button>
    </footer>
  <//>`;
}
