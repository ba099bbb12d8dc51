// @ts-check
import { html } from "../html.js";

export function ProcessesView() {
  return html`<div class="scroll"><h1>Processes</h1></div>`;
}
