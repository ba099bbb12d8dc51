// @ts-check
import { html } from "../html.js";

export function TokensView() {
  return html`<div class="scroll"><h1>Tokens</h1></div>`;
}
