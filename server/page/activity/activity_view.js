// @ts-check
// What happened, newest first, live: changes of instances, and requests with their tokens.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, askAll, url } from "../api.js";
import { ApiError } from "../errors.js";
import { exactTime, formatCount, formatTime } from "../format.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { hrefOf, route, setQuery } from "../route.js";
import { useStore } from "../store.js";
import { useStream } from "../stream.js";
import { announce } from "../ui/announce.js";
import { SearchField, Select } from "../ui/fields.js";
import { Empty, ErrorNotice, Pending } from "../ui/states.js";
import {
  gapRow,
  GROUPS,
  hasWords,
  kindsOf,
  MAX_ROWS,
  mergeRows,
  nextPage,
  PAGE,
  sentenceOf,
} from "./sentences.js";

/**
 * @typedef {import("./sentences.js").ActivityEvent} ActivityEvent
 * @typedef {import("./sentences.js").Row} Row
 *
 * @typedef {object} Loaded
 * @property {number} newest  The id of the newest event of the server.
 * @property {Row[]} rows
 * @property {boolean} hasMore
 */

/** @type {[string, any][]} */
const KINDS = [
  ["", "All kinds"],
  ["problems", "Problems"],
  ...Object.entries(GROUPS).map(
    ([name, { label, kinds }]) =>
      /** @type {[string, any]} */ ([
        label,
        [
          [name, `All of ${label.toLowerCase()}`],
          ...Object.entries(kinds).map(([kind, [text]]) => [kind, text]),
        ],
      ]),
  ),
];

export function ActivityView() {
  const { kind = "", stack = "", process = "", q = "" } = useStore(route).query;
  const search = useRef(/** @type {HTMLInputElement|null} */ (null));
  const { data: stacks, reload } = useResource("stacks", (signal) => askAll("/stacks", { signal }));
  const names = new Map((stacks ?? []).map(({ uid, name }) => [uid, name]));
  const asked = useRef(/** @type {Set<string>} */ (new Set()));
  /** @param {string} uid */
  const stackName = (uid) => {
    const name = names.get(uid);
    if (!name && stacks && !asked.current.has(uid)) {
      // New or removed: asks once.
      asked.current.add(uid);
      queueMicrotask(reload);
    }
    return name ?? uid.slice(0, 8);
  };
  useShortcuts([
    { keys: "/", label: "Search", group: "Activity", run: () => search.current?.focus() },
  ]);
  /** @param {string} name */
  const set = (name) => (/** @type {string} */ value) => setQuery({ [name]: value });
  return html`<div class="scroll">
    <div class="toolbar activity-filters" role="search">
      <h1>Activity</h1>
      <${SearchField} label="Search" value=${q} field=${search} onValue=${set("q")} />
      <${Select} label="Kind" value=${kind} options=${KINDS} onValue=${set("kind")} />
      <${Select}
        label="Stack"
        value=${stack}
        options=${[
          ["", "All stacks"],
          ...names,
          ...(stack && !names.has(stack) ? [[stack, `${stack.slice(0, 8)} (removed)`]] : []),
        ]}
        onValue=${set("stack")}
      />
      <${SearchField} label="Process" value=${process} onValue=${set("process")} />
      ${
        (kind || stack || process || q) &&
        html`<button
          class="quiet"
          onClick=${() => setQuery({ kind: "", stack: "", process: "", q: "" })}
        >
          Clear
        </button>`
      }
    </div>
    <${ActivityList}
      key=${`${stack} ${process} ${kind}`}
      stackUid=${stack || undefined}
      process=${process.trim() || undefined}
      filter=${kind}
      search=${q}
      stackName=${stackName}
    />
  </div>`;
}

/**
 * @param {object} props
 * @param {string} [props.stackUid]  Absent: events of all stacks, and of tokens and webhooks.
 * @param {string} [props.process]  Only those of its instances.
 * @param {string} [props.filter]  "problems", a group, or kinds.
 * @param {string} [props.search]  Words that a row must have.
 * @param {(uid: string) => string} [props.stackName]  Absent: rows do not name their stack.
 */
export function ActivityList({ stackUid, process, filter = "", search = "", stackName }) {
  const base = stackUid ? `/stacks/${encodeURIComponent(stackUid)}/events` : "/events";
  const query = { process, kind: kindsOf(filter) };
  const resource = useResource(url(base, query), (signal) => load(base, query, signal));
  const { data, error } = resource;
  // What came after `data`: of another one it does not count.
  const [later, setLater] = useState({ data, rows: data?.rows ?? [], hasMore: false });
  const { rows, hasMore } =
    later.data === data ? later : { rows: data?.rows ?? [], hasMore: data?.hasMore ?? false };
  const [isBusy, setBusy] = useState(false);
  const gaps = useRef(/** @type {Row[]} */ ([]));
  const cache = useRef(/** @type {Map<number, {of: string, vnode: any}>} */ (new Map()));
  useEffect(() => {
    gaps.current = [];
  }, [base, query.kind, process]);

  /** @param {Row[]} more @param {boolean} [moreFollow] */
  const add = (more, moreFollow) => {
    setLater((old) => {
      const from = old.data === data ? old : { rows: data?.rows ?? [], hasMore: data?.hasMore };
      const all = mergeRows(from.rows, more);
      return {
        data,
        rows: all.slice(0, MAX_ROWS),
        hasMore: (moreFollow ?? from.hasMore ?? false) || all.length > MAX_ROWS,
      };
    });
  };

  const stream = useStream(data ? url(base, { ...query, after: data.newest }) : null, (events) => {
    add(events.filter(({ type }) => type !== "gap").map((event) => event.data));
    const gap = events.find(({ type }) => type === "gap");
    if (!gap) return;
    gaps.current.push(gapRow(gap.data, Math.max(data?.newest ?? 0, rows[0]?.id ?? 0)));
    resource.reload();
  });

  const showOlder = async () => {
    setBusy(true);
    try {
      const page = nextPage(rows.length);
      const { data: answer } = await ask(base, { query: { ...query, page, per_page: PAGE } });
      add(answer.response, answer.pagination.next !== null);
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      announce(`Older events could not be loaded: ${failure.message}`, "bad");
    }
    setBusy(false);
  };

  if (!data) return html`<${Pending} of=${resource} rows=${10} />`;

  /** What actions are about, from the events of their beginnings. @type {Map<number, string>} */
  const wanted = new Map();
  /** Names of removed stacks. @type {Map<string, string>} */
  const removed = new Map();
  for (const row of rows) {
    if (!("event" in row)) continue;
    const { event, action_id, stack_uid, cause } = row;
    if (event === "action_started" && action_id) wanted.set(action_id, cause ?? "");
    if (event === "stack_deleted" && stack_uid) {
      removed.set(stack_uid, /^"(.*?)"( in |$)/.exec(cause ?? "")?.[1] ?? "");
    }
  }
  const old = cache.current;
  cache.current = new Map();
  const shown = [];
  for (const row of mergeRows(rows, gaps.current)) {
    if (!("event" in row)) {
      shown.push(html`<li key=${row.id} class="event-gap">${row.gap}</li>`);
      continue;
    }
    const sentence = sentenceOf(row, wanted.get(row.action_id ?? 0));
    if (filter === "problems" && !/bad|warn/.test(sentence.tone)) continue;
    const uid = row.stack_uid;
    const stack = stackName && uid ? (removed.get(uid) ?? stackName(uid)) : "";
    const words = `${stack} ${sentence.subject} ${sentence.text} ${row.user ?? ""}`;
    if (!hasWords(words, search)) continue;
    // The same node as before is not compared again.
    const before = old.get(row.id);
    const vnode = before?.of === words ? before.vnode : eventRow(row, sentence, stack);
    cache.current.set(row.id, { of: words, vnode });
    shown.push(vnode);
  }
  const isFiltered = Boolean(filter || process || search);
  return html`<div class="activity">
    ${
      (error || (stream.error && !stream.error.isDisconnected)) &&
      html`<${ErrorNotice}
        error=${error ?? stream.error}
        retryAt=${error ? resource.retryAt : stream.retryAt}
      />`
    }
    ${
      shown.length > 0
        ? html`<ol class="event-list">
            ${shown}
          </ol>`
        : html`<${Empty} title=${isFiltered ? "Nothing matches" : "Nothing has happened yet"}>
            ${
              isFiltered &&
              hasMore &&
              html`<p>
                None of the newest ${formatCount(rows.length)} events does. Older ones may.
              </p>`
            }
          <//>`
    }
    ${
      hasMore &&
      html`<p class="events-more">
        ${
          rows.length < MAX_ROWS
            ? html`<button aria-disabled=${isBusy} onClick=${() => isBusy || showOlder()}>
                ${isBusy ? "Loading …" : "Show older"}
              </button>`
            : html`<span class="muted"
                >The page holds ${formatCount(MAX_ROWS)} events. Filters of kind, stack and process
                reach older ones.</span
              >`
        }
      </p>`
    }
  </div>`;
}

/**
 * @param {string} base
 * @param {Record<string, string|undefined>} query
 * @param {AbortSignal} signal
 * @returns {Promise<Loaded>}
 */
async function load(base, query, signal) {
  // First the id after which the stream begins: nothing is missing between both.
  const { data: newest } = await ask("/events", { query: { per_page: 1 }, signal });
  const { data: page } = await ask(base, { query: { ...query, per_page: PAGE }, signal });
  return {
    newest: newest.response[0]?.id ?? 0,
    rows: page.response,
    hasMore: page.pagination.next !== null,
  };
}

/**
 * @param {ActivityEvent} event
 * @param {{subject: string, text: string, tone: string}} sentence
 * @param {string} stack
 */
function eventRow(event, { subject, text, tone }, stack) {
  const uid = event.stack_uid;
  const pid = event.pid ? `pid ${event.pid}` : "";
  return html`<li key=${event.id} class="event">
    <time datetime=${event.time} title=${exactTime(event.time)}>${formatTime(event.time)}</time>
    <span class=${`chip ${tone}`}></span>
    <span class="event-text" title=${`Event ${event.id} ${pid}`} dir="auto"
      >${
        uid && event.process
          ? html`<a href=${hrefOf("stacks", [uid, event.process])}>${subject}</a>`
          : html`<strong>${subject}</strong>`
      }${" "}${text}</span
    >
    ${
      stack &&
      html`<a class="event-stack" href=${hrefOf("stacks", [/** @type {string} */ (uid)])} dir="auto"
        >${stack}</a
      >`
    }
    <span class="event-who muted" dir="auto">${event.user ? `by ${event.user}` : ""}</span>
  </li>`;
}
