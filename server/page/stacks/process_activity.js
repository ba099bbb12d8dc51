// @ts-check
// What has happened to a process: its events, and the actions that concern it, newest first.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api.js";
import { exactTime, formatTime } from "../format.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { setQuery } from "../route.js";
import { Empty, ErrorNotice, Skeleton } from "../ui/states.js";
import { onEvents } from "./feed.js";
import { stackPath } from "./model.js";
import { parseSummary } from "./progress.js";

/** @typedef {import("./model.js").StackEvent} StackEvent */

const ACTIONS = "action_started,action_finished";
const ENDS = ["exited", "stopped", "lost", "start_failed", "crash_looping", "signalled"];
const PER_PAGE = 100;
const MAX_SHOWN = 1000;

/**
 * @param {object} props
 * @param {string} props.uid
 * @param {string} props.process
 * @param {number} [props.instance]  Only of this one.
 */
export function ProcessActivity({ uid, process, instance }) {
  const [pages, setPages] = useState(1);
  const [live, setLive] = useState(/** @type {StackEvent[]} */ ([]));
  const [onlyEnds, setOnlyEnds] = useState(instance !== undefined);
  const kinds = onlyEnds ? ENDS.join(",") : "";
  const loaded = useResource(`activity ${uid} ${process} ${pages} ${kinds}`, (signal) =>
    load(uid, process, pages, kinds, signal),
  );
  useEffect(
    () =>
      onEvents((events) => {
        if (events.some(({ type }) => type === "gap")) loaded.reload();
        const fresh = events.flatMap(({ data }) =>
          data?.stack_uid === uid && data.id ? [data] : [],
        );
        if (fresh.length > 0) setLive((old) => [...fresh.reverse(), ...old].slice(0, MAX_SHOWN));
      }),
    [uid],
  );

  if (!loaded.data) {
    return loaded.error
      ? html`<${ErrorNotice}
          error=${loaded.error}
          retryAt=${loaded.retryAt}
          onRetry=${loaded.reload}
        />`
      : html`<${Skeleton} />`;
  }
  const events = merge([...live, ...loaded.data.events]).filter(
    (event) =>
      concerns(event, process, live) &&
      (!onlyEnds || ENDS.includes(event.event)) &&
      (!instance || event.instance === instance),
  );
  return html`
    <div class="activity-tools">
      <label class="check">
        <input type="checkbox" checked=${onlyEnds} onChange=${() => setOnlyEnds(!onlyEnds)} />
        Only ends and signals
      </label>
      ${instance && html`<button class="small" onClick=${() => setQuery({ instance: undefined })}>Instance ${instance} only: show all</button>`}
    </div>
    ${events.length === 0 && html`<${Empty} title=${onlyEnds ? "Nothing has ended" : "Nothing has happened yet"} />`}
    <ol class="events" aria-label=${`Events of ${process}`}>
      ${events.slice(0, MAX_SHOWN).map(
        (event) =>
          html`<li key=${event.id}>
            <time class="muted" datetime=${event.time} title=${exactTime(event.time)}
              >${formatTime(event.time)}</time
            >
            <span class="kind">
              ${event.instance !== null && html`<b>${process}.${event.instance}</b> `}${event.event.replaceAll("_", " ")}
            </span>
            <span class="cause" dir="auto">${causeOf(event)}</span>
          </li>`,
      )}
    </ol>
    ${
      loaded.data.hasMore &&
      events.length < MAX_SHOWN &&
      html`<button disabled=${loaded.isLoading} onClick=${() => setPages(pages + 1)}>
        Show older
      </button>`
    }
  `;
}

/** @param {StackEvent} event */
function causeOf({ cause, pid, user, action_id: action }) {
  return [cause, action && `action ${action}`, pid && `pid ${pid}`, user && `by ${user}`]
    .filter(Boolean)
    .join(" · ");
}

/** The causes of the actions that are known to begin. @type {Map<number, string>} */
const summaries = new Map();

/** @param {StackEvent} event @param {string} process @param {StackEvent[]} live */
function concerns(event, process, live) {
  const { action_id: id } = event;
  if (event.process !== null || !id) return event.process === process;
  const begin = live.find((one) => one.action_id === id && one.event === "action_started");
  const text = summaries.get(id) ?? begin?.cause;
  return text ? (parseSummary(text).process ?? process) === process : false;
}

/** @param {StackEvent[]} events @returns {StackEvent[]} Each once, newest first. */
function merge(events) {
  return [...new Map(events.map((event) => [event.id, event])).values()].sort(
    (a, b) => b.id - a.id,
  );
}

/**
 * @param {string} uid
 * @param {string} process
 * @param {number} pages
 * @param {string} kinds
 * @param {AbortSignal} signal
 * @returns {Promise<{events: StackEvent[], hasMore: boolean}>}
 */
async function load(uid, process, pages, kinds, signal) {
  const path = `${stackPath(uid)}/events`;
  const queries = [{ process, kind: kinds }, ...(kinds ? [] : [{ kind: ACTIONS }])];
  const requests = queries.flatMap((query) =>
    Array.from({ length: pages }, (_, i) =>
      ask(path, { query: { ...query, page: i + 1, per_page: PER_PAGE }, signal }),
    ),
  );
  const answers = (await Promise.all(requests)).map(({ data }) => data);
  const events = /** @type {StackEvent[]} */ (answers.flatMap(({ response }) => response));
  for (const { event, action_id: id, cause } of events) {
    if (event === "action_started" && id && cause) summaries.set(id, cause);
  }
  return { events, hasMore: answers.some(({ pagination }) => pagination.pages > pages) };
}
