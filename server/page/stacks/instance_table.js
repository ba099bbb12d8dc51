// @ts-check
// The instances of a process.

import { useNow } from "../clock.js";
import { exactTime, formatAgo, formatDuration } from "../format.js";
import { html } from "../html.js";
import { hrefOf } from "../route.js";
import { Menu } from "../ui/menu.js";
import { Chip, Empty } from "../ui/states.js";
import { instanceItems } from "./commands.js";
import { toneOf } from "./model.js";
import { useRefusal } from "./permission.js";

/**
 * @param {object} props
 * @param {import("./model.js").Stack} props.stack
 * @param {import("./model.js").Process} props.process
 * @param {import("./model.js").Server[]} props.servers
 */
export function InstanceTable({ stack, process, servers }) {
  const now = useNow();
  const refusal = useRefusal();
  const { instances } = process;
  if (instances.length === 0) {
    return html`<${Empty} title="No instance runs">
      <p>None is wanted. Raise the number above to start some.</p>
    <//>`;
  }
  const isNamed = servers.length > 1;
  const heads = ["Instance", "State", "Pid", "Uptime", "Restarts", "Last end", "Last line then"];
  // Cards on narrow screens lose the roles of a table: they are said here.
  return html`<table class="instances" role="table" aria-label=${`Instances of ${process.name}`}>
    <thead role="rowgroup">
      <tr role="row">
        ${heads.map((head, i) => html`<th role="columnheader" class=${i > 1 && i < 5 ? "number" : ""}>${head}</th>`)}
        <th role="columnheader"><span class="sr-only">Commands</span></th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${instances.map((one) => {
        const { server, instance, state, pid, started_at: startedAt, next_start_at: nextAt } = one;
        const label = `${process.name}.${instance}`;
        return html`<tr role="row" key=${`${server} ${instance}`}>
          <th role="rowheader" scope="row">
            ${instance}
            ${isNamed && html`<span class="muted" dir="auto" title=${server}>${server}</span>`}
          </th>
          <td role="cell" class="state">
            <${Chip} tone=${toneOf(state)}>${state}<//>
            ${nextAt && html`<span class="next" title=${exactTime(nextAt)}>${nextStart(nextAt, now)}</span>`}
          </td>
          <td role="cell" class="number" data-label="Pid">
            ${pid === null ? "–" : html`<a href=${hrefOf("processes", [String(pid)])} title="Show it among the processes of the machine">${pid}</a>`}
          </td>
          <td
            role="cell"
            class="number"
            data-label="Uptime"
            title=${startedAt && pid ? `Since ${exactTime(startedAt)}` : ""}
          >
            ${startedAt && pid !== null ? formatDuration((now - Date.parse(startedAt)) / 1000) : "–"}
          </td>
          <td role="cell" class="number" data-label="Restarts">${one.restarts}</td>
          <td role="cell" class="end" data-label="Last end">
            ${one.last_exit ?? "–"}
            ${one.last_exit_at && html`<span class="muted" title=${exactTime(one.last_exit_at)}>${formatAgo(one.last_exit_at, Math.max(now, Date.parse(one.last_exit_at)))}</span>`}
          </td>
          <td role="cell" class="output" data-label="Last line then">
            ${one.last_output === null ? "–" : html`<code dir="auto" title=${one.last_output}>${one.last_output}</code>`}
          </td>
          <td role="cell" class="menu-cell">
            <${Menu}
              label=${`Commands for ${label}`}
              items=${instanceItems(refusal, stack, process, one, servers)}
            />
          </td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

/** @param {string} at @param {number} now */
function nextStart(at, now) {
  const seconds = (Date.parse(at) - now) / 1000;
  return seconds < 1 ? "starts now" : `starts in ${formatDuration(seconds)}`;
}
