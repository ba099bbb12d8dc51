// @ts-check
// The log of a process.

import { html } from "../html.js";

/**
 * @param {object} props
 * @param {string} props.stackUid
 * @param {string} props.process
 * @param {number} [props.instance]
 */
export function LogPanel({ stackUid, process, instance }) {
  const path = `/stacks/${stackUid}/processes/${process}/logs`;
  return html`<p class="muted" dir="auto">
    <code>GET ${path}${instance ? `?instance=${instance}` : ""}</code> has the log.
  </p>`;
}
