// @ts-check
import { html } from "../html.js";

export function ActivityView() {
  return html`<div class="scroll"><h1>Activity</h1></div>`;
}
