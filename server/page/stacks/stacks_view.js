// @ts-check
import { html } from "../html.js";

export function StacksView() {
  return html`<div class="scroll"><h1>Stacks</h1></div>`;
}
