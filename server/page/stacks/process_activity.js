// @ts-check
// What has happened to a process: its events, and the actions that concern it, newest first.

import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { exactTime, formatTime } from "../format.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { hrefOf, setQuery } from "../route.js";
import { Empty, Pending } from "../ui/states.js";
import { isOf, useReloads } from "../feed.js";
import { stackPath } from "./model.js";
import { parseSummary } from "./progress.js";

/** @typedef {import("./model.js").StackEvent} StackEvent */

const ACTIONS = "action_started,action_finished";
const ENDS = "exited,stopped,lost,start_failed,crash_looping,signalled";

/**
 * @param {object} props
 * @param {string} props.uid
 * @param {string} props.process
 * @param {number} [props.instance]  Only of this one.
 */
export function ProcessActivity({ uid, process, instance }) {
  const [onlyEnds, setOnlyEnds] = useState(instance !== undefined);
  const events = useResource(`activity of ${uid} ${process} ${onlyEnds}`, (signal) =>
    load(uid, process, onlyEnds, signal),
  );
  useReloads(events, (event) => isOf(event, uid));
  const shown = events.data?.filter((event) => !instance || event.instance === instance);
  return html`
    <div class="activity-tools">
      <label class="check">
        <input type="checkbox" checked=${onlyEnds} onChange=${() => setOnlyEnds(!onlyEnds)} />
        Only ends and signals
      </label>
      ${instance && html`<button class="small" onClick=${() => setQuery({ instance: undefined })}>Instance ${instance} only: show all</button>`}
      <span class="spacer"></span>
      <a href=${hrefOf("activity")}>All activity</a>
    </div>
    <${Pending} of=${events} />
    ${shown?.length === 0 && html`<${Empty} title=${onlyEnds ? "Nothing has ended" : "Nothing has happened yet"} />`}
    <ol class="events" aria-label=${`Events of ${process}`}>
      ${shown?.map(
        (event) =>
          html`<li key=${event.id}>
            <time class="muted" datetime=${event.time} title=${exactTime(event.time)}
              >${formatTime(event.time)}</time
            >
            <span>
              ${event.instance !== null && html`<b>${process}.${event.instance}</b> `}${event.event.replaceAll("_", " ")}
            </span>
            <span class="cause" dir="auto">${causeOf(event)}</span>
          </li>`,
      )}
    </ol>
  `;
}

/** @param {StackEvent} event */
function causeOf({ cause, pid, user, action_id: action }) {
  return [cause, action && `action ${action}`, pid && `pid ${pid}`, user && `by ${user}`]
    .filter(Boolean)
    .join(" · ");
}

/**
 * The latest events, in descending order.
 *
 * @param {string} uid
 * @param {string} process
 * @param {boolean} onlyEnds
 * @param {AbortSignal} signal
 * @returns {Promise<StackEvent[]>}
 */
async function load(uid, process, onlyEnds, signal) {
  const path = `${stackPath(uid)}/events`;
  /** @param {Record<string, string>} query @returns {Promise<StackEvent[]>} */
  const get = async (query) =>
    (await ask(path, { query: { ...query, per_page: 100 }, signal })).data.response;
  if (onlyEnds) return get({ process, kind: ENDS });
  const [events, actions] = await Promise.all([get({ process }), get({ kind: ACTIONS })]);
  // The end of an action does not say what it was about: its start does.
  const own = new Set(
    actions
      .filter(({ event, cause }) => {
        const about = event === "action_started" && parseSummary(cause ?? "").process;
        return about === null || about === process;
      })
      .map((one) => one.action_id),
  );
  return [...events, ...actions.filter((one) => own.has(one.action_id))].sort(
    (a, b) => b.id - a.id,
  );
}
