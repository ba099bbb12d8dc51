// @ts-check
// The output of the instances of a process, as they write it.

import { useEffect, useRef, useState } from "preact/hooks";
import { kindsOf, plainSentence } from "../activity/sentences.js";
import { ask, url } from "../api.js";
import { formatCount, plural } from "../format.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { route, setQuery } from "../route.js";
import { useSessionGeneration } from "../session_hooks.js";
import { settings } from "../settings.js";
import { useStore } from "../store.js";
import { useStream } from "../stream.js";
import { CopyButton } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { Empty, ErrorNotice, Skeleton } from "../ui/states.js";
import { downloadLog } from "./download.js";
import { highlighter, MAX_LINES } from "./log_buffer.js";
import { LogDocument } from "./log_document.js";

/** @type {Record<string, string>} */
const SINCE = { "": "Any time", "15m": "Last 15 min", "1h": "Last hour", "24h": "Last 24 h" };
const FIRST_LINES = 500;
// What is typed counts after this pause. Milliseconds.
const TYPING_MS = 300;

/** @type {import("./log_document.js").LogStatus} */
const NOTHING = { isFollowing: true, arrived: 0, count: 0, dropped: 0, instances: "" };

/**
 * The search (grep=), the range (since=) and the choice of times are in the query of the address.
 *
 * @param {object} props
 * @param {string} props.stackUid
 * @param {string} props.process
 * @param {number|string} [props.instance]  Absent: all. A choice changes instance= of the address.
 */
export function LogPanel({ stackUid, process, instance }) {
  const { grep = "", since = "", times } = useStore(route).query;
  const { wrapLines } = useStore(settings);
  const hasTimes = times !== "0";
  const lines = useRef(/** @type {HTMLElement|null} */ (null));
  const log = useRef(/** @type {LogDocument|null} */ (null));
  const search = useRef(/** @type {HTMLInputElement|null} */ (null));
  const [status, setStatus] = useState(NOTHING);
  const stack = `/stacks/${encodeURIComponent(stackUid)}`;
  const base = `${stack}/processes/${encodeURIComponent(process)}`;
  const query = { instance, grep, since };
  const path = url(`${base}/logs`, {
    ...query,
    follow: 1,
    lines: since ? MAX_LINES : FIRST_LINES,
  });
  const generation = useSessionGeneration();

  useEffect(() => {
    const made = new LogDocument(/** @type {HTMLElement} */ (lines.current), setStatus);
    log.current = made;
    return () => made.close();
  }, []);
  // A new stream begins from the start.
  useEffect(() => log.current?.clear(highlighter(grep)), [path, generation]);
  const stream = useStream(path, (events) => log.current?.add(events));
  // Starts and exits are lines of their own.
  useStream(
    url(`${stack}/events`, { process, after: "now", kind: kindsOf("instances") }),
    (events) => {
      for (const { type, data } of events) {
        if (type === "gap" || (instance && data.instance !== Number(instance))) continue;
        log.current?.addNotice(plainSentence(data));
      }
    },
  );
  const { data: present } = useResource(base, async (signal) => {
    const { data } = await ask(`/api/3${base}`, { signal });
    return /** @type {number[]} */ (
      data.response.instances.map((/** @type {{instance: number}} */ one) => one.instance)
    );
  });
  const numbers = [
    ...new Set([
      ...(present ?? []),
      ...status.instances.split(",").filter(Boolean).map(Number),
      ...(instance ? [Number(instance)] : []),
    ]),
  ].sort((a, b) => a - b);

  const follow = () => log.current?.follow(!status.isFollowing);
  const toEnd = () => {
    log.current?.follow(true);
    lines.current?.focus({ preventScroll: true });
  };
  const wrap = () => settings.update({ wrapLines: !wrapLines });
  useEffect(() => log.current?.stick(), [wrapLines, hasTimes]);
  useShortcuts([
    { keys: "f", label: "Follow the end, or stand still", group: "Logs", run: follow },
    { keys: "G", label: "Go to the end", group: "Logs", run: toEnd },
    { keys: "w", label: "Wrap lines", group: "Logs", run: wrap },
    { keys: "/", label: "Search in the log", group: "Logs", run: () => search.current?.focus() },
  ]);

  const badGrep = stream.error?.status === 400 && grep ? stream.error.message : "";
  return html`<section class="log" aria-label=${`Output of ${process}`}>
    <div class="toolbar">
      <${Search} value=${grep} error=${badGrep} field=${search} />
      <select
        aria-label="Range of time"
        value=${since}
        onChange=${(/** @type {any} */ event) => setQuery({ since: event.target.value })}
      >
        ${Object.entries(SINCE).map(([value, label]) => html`<option value=${value}>${label}</option>`)}
        ${!(since in SINCE) && html`<option value=${since}>${since}</option>`}
      </select>
      <select
        aria-label="Instance"
        value=${String(instance ?? "")}
        onChange=${(/** @type {any} */ event) => setQuery({ instance: event.target.value })}
      >
        <option value="">All instances</option>
        ${numbers.map((n) => html`<option key=${n} value=${String(n)}>${process}.${n}</option>`)}
      </select>
      <span class="spacer"></span>
      <button aria-pressed=${status.isFollowing} title="Stick to the end (f)" onClick=${follow}>
        <${Icon} name="down" />Follow
      </button>
      <button aria-pressed=${wrapLines} title="Wrap lines (w)" onClick=${wrap}>
        <${Icon} name="wrap" />Wrap
      </button>
      <button
        aria-pressed=${hasTimes}
        title="When lines were written"
        onClick=${() => setQuery({ times: hasTimes ? "0" : "" })}
      >
        Times
      </button>
      <${CopyButton}
        label="Copy the lines shown"
        text=${() => log.current?.buffer.text(!instance) ?? ""}
      />
      <button
        class="quiet"
        aria-label="Download all that is kept"
        title="Download all that is kept and matches, with older lines than those shown"
        onClick=${() => downloadLog(`${base}/logs`, { ...query, times: hasTimes ? 1 : "" }, process)}
      >
        <${Icon} name="download" />
      </button>
    </div>
    ${
      stream.error &&
      !badGrep &&
      !stream.error.isDisconnected &&
      html`<${ErrorNotice} error=${stream.error} retryAt=${stream.retryAt} />`
    }
    <div class="log-frame">
      <div
        ref=${lines}
        class=${`log-lines ${wrapLines ? "wrap" : ""} ${hasTimes ? "" : "no-times"} ${instance ? "no-names" : ""}`}
        role="log"
        aria-live="off"
        aria-label=${`Lines of ${process}`}
        tabindex="0"
      ></div>
      ${status.count === 0 && html`<${Nothing} stream=${stream} grep=${grep} since=${since} />`}
      ${
        !status.isFollowing &&
        html`<button class="log-end primary" onClick=${toEnd}>
          ${status.arrived > 0 ? plural(status.arrived, "new line") : "To the end"} ↓
        </button>`
      }
    </div>
    <p class="log-foot muted">
      ${[
        STATES[stream.state] +
          (status.isFollowing || stream.state !== "open" ? "" : ", standing still"),
        plural(status.count, "line"),
        status.dropped > 0 &&
          `${formatCount(status.dropped)} older ones dropped here; the download has what is kept`,
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
  </section>`;
}

const STATES = {
  connecting: "Connecting",
  open: "Live",
  waiting: "Connecting again",
  hidden: "Waiting until the tab is shown",
  ended: "Ended",
};

/**
 * @param {object} props
 * @param {string} props.value
 * @param {string} props.error
 * @param {{current: HTMLInputElement|null}} props.field
 */
function Search({ value, error, field }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => setQuery({ grep: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return html`<div class="log-search">
    <input
      ref=${field}
      type="search"
      dir="auto"
      spellcheck="false"
      aria-label="Search, as a regular expression"
      title="A regular expression (RE2); (?i) in front ignores case"
      placeholder="Search (regular expression)"
      maxlength="500"
      aria-invalid=${error ? "true" : "false"}
      aria-describedby=${error ? "log-search-error" : undefined}
      value=${typed}
      onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter") setQuery({ grep: typed });
      }}
    />
    ${error && html`<p id="log-search-error" class="field-error" role="alert" dir="auto">${error}</p>`}
  </div>`;
}

/**
 * @param {object} props
 * @param {{state: import("../stream.js").StreamState}} props.stream
 * @param {string} props.grep
 * @param {string} props.since
 */
function Nothing({ stream, grep, since }) {
  if (stream.state === "connecting") return html`<${Skeleton} />`;
  if (stream.state !== "open") return null;
  if (!grep && !since) {
    return html`<${Empty} title="No output yet"
      ><p>Lines appear here when they are written.</p><//
    >`;
  }
  return html`<${Empty} title="Nothing matches">
    <p dir="auto">
      ${grep && html`Searched for: <code>${grep}</code>.`}
      ${since && `Range: ${SINCE[since] ?? since}.`} New lines appear here.
    </p>
    <button onClick=${() => setQuery({ grep: "", since: "" })}>Show all lines</button>
  <//>`;
}
