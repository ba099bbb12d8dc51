// @ts-check
// The output of the instances of a process, as they write it.

import { useEffect, useRef, useState } from "preact/hooks";
import { GROUPS, plainSentence } from "../activity/sentences.js";
import { ask, send, url } from "../api.js";
import { onEvents } from "../feed.js";
import { formatCount, formatTime, plural } from "../format.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { route, setQuery } from "../route.js";
import { useSessionGeneration } from "../session_hooks.js";
import { settings } from "../settings.js";
import { useStore } from "../store.js";
import { useStream } from "../stream.js";
import { announce } from "../ui/announce.js";
import { CopyButton } from "../ui/copy.js";
import { SearchField, Select } from "../ui/fields.js";
import { Icon } from "../ui/icon.js";
import { Empty, ErrorNotice, Skeleton } from "../ui/states.js";
import { highlighter, MAX_LINES } from "./log_buffer.js";
import { LogDocument } from "./log_document.js";

/** @type {[string, string][]} */
const RANGES = [
  ["", "Any time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
];
const FIRST_LINES = 500;
const INSTANCE_KINDS = new Set(Object.keys(GROUPS.instances.kinds));

const STATES = {
  connecting: "Connecting",
  open: "Live",
  waiting: "Connecting again",
  hidden: "Waiting until the tab is shown",
  ended: "Ended",
};

/**
 * The search (grep=), the range (since=) and the choice of times are in the query of the address.
 * The view around it follows the events of the stack and gives them to ../feed.js.
 *
 * @param {object} props
 * @param {string} props.stackUid
 * @param {string} props.process
 * @param {number|string} [props.instance]  Absent: all. A choice changes instance= of the address.
 */
export function LogPanel({ stackUid, process, instance = "" }) {
  const { grep = "", since = "", times } = useStore(route).query;
  const { wrapLines } = useStore(settings);
  const hasTimes = times !== "0";
  const lines = useRef(/** @type {HTMLElement|null} */ (null));
  const log = useRef(/** @type {LogDocument|null} */ (null));
  const search = useRef(/** @type {HTMLInputElement|null} */ (null));
  const [{ isFollowing, arrived, count, dropped, instances }, setStatus] = useState(
    /** @type {import("./log_document.js").LogStatus} */ ({
      isFollowing: true,
      arrived: 0,
      count: 0,
      dropped: 0,
      instances: [],
    }),
  );
  const base = `/stacks/${encodeURIComponent(stackUid)}/processes/${encodeURIComponent(process)}`;
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
  const { state, error, retryAt } = useStream(path, (events) => log.current?.add(events));
  // Starts and exits are lines of their own.
  useEffect(
    () =>
      onEvents((events) => {
        for (const { type, data } of events) {
          if (!INSTANCE_KINDS.has(type)) continue;
          if (data.stack_uid !== stackUid || data.process !== process) continue;
          if (instance && data.instance !== Number(instance)) continue;
          log.current?.addNotice(`${formatTime(data.time)} ${plainSentence(data)}`);
        }
      }),
    [stackUid, process, instance],
  );
  const { data: present = [] } = useResource(base, async (signal) => {
    const { data } = await ask(`/api/3${base}`, { signal });
    return /** @type {number[]} */ (
      data.response.instances.map((/** @type {{instance: number}} */ one) => one.instance)
    );
  });
  const numbers = [...present, ...instances, ...(instance ? [Number(instance)] : [])];

  const follow = () => log.current?.follow(!isFollowing);
  const toEnd = () => {
    log.current?.follow(true);
    lines.current?.focus({ preventScroll: true });
  };
  const wrap = () => settings.update({ wrapLines: !wrapLines });
  useEffect(() => log.current?.stick(), [wrapLines, hasTimes]);
  const group = "Logs";
  useShortcuts([
    { keys: "f", label: "Follow the end, or stand still", group, run: follow },
    { keys: "G", label: "Go to the end", group, run: toEnd },
    { keys: "w", label: "Wrap lines", group, run: wrap },
    { keys: "/", label: "Search in the log", group, run: () => search.current?.focus() },
  ]);

  const badGrep = grep && error?.status === 400 ? error.message : "";
  const facts = [
    `${STATES[state]}${!isFollowing && state === "open" ? ", standing still" : ""}`,
    plural(count, "line"),
    ...(dropped
      ? [`${formatCount(dropped)} older ones dropped: the download has what is kept`]
      : []),
  ];
  return html`<section class="log" aria-label=${`Output of ${process}`}>
    <div class="toolbar">
      <${SearchField}
        label="Search (regular expression)"
        value=${grep}
        error=${badGrep}
        field=${search}
        onValue=${(/** @type {string} */ value) => setQuery({ grep: value })}
      />
      <${Select}
        label="Range of time"
        value=${since}
        options=${RANGES}
        onValue=${(/** @type {string} */ value) => setQuery({ since: value })}
      />
      <${Select}
        label="Instance"
        value=${String(instance)}
        options=${[
          ["", "All instances"],
          ...[...new Set(numbers)].sort((a, b) => a - b).map((n) => [`${n}`, `${process}.${n}`]),
        ]}
        onValue=${(/** @type {string} */ value) => setQuery({ instance: value })}
      />
      <span class="spacer"></span>
      <button aria-pressed=${isFollowing} onClick=${follow}>
        <${Icon} name="down" /><span>Follow</span>
      </button>
      <button aria-pressed=${wrapLines} onClick=${wrap}>
        <${Icon} name="wrap" /><span>Wrap</span>
      </button>
      <button aria-pressed=${hasTimes} onClick=${() => setQuery({ times: hasTimes ? "0" : "" })}>
        Times
      </button>
      <${CopyButton}
        label="Copy the lines shown"
        text=${() => log.current?.buffer.text(!instance) ?? ""}
      />
      <button
        class="quiet"
        aria-label="Download all lines that are kept and match"
        title="Download all lines that are kept and match"
        onClick=${() => download(`${base}/logs`, { ...query, times: hasTimes ? 1 : "" }, process)}
      >
        <${Icon} name="download" />
      </button>
    </div>
    ${error && !badGrep && !error.isDisconnected && html`<${ErrorNotice} ...${{ error, retryAt }} />`}
    <div class="log-frame">
      <div
        ref=${lines}
        class=${`log-lines ${wrapLines ? "wrap" : ""} ${hasTimes ? "" : "no-times"} ${instance ? "no-names" : ""}`}
        role="log"
        aria-live="off"
        aria-label=${`Lines of ${process}`}
        tabindex="0"
      ></div>
      ${count === 0 && state === "connecting" && html`<${Skeleton} />`}
      ${
        count === 0 &&
        state === "open" &&
        html`<${Empty} title=${grep || since ? "Nothing matches" : "No output yet"}>
          <p>New lines appear here.</p>
          ${
            (grep || since) &&
            html`<button onClick=${() => setQuery({ grep: "", since: "" })}>Show all lines</button>`
          }
        <//>`
      }
      ${
        !isFollowing &&
        html`<button class="log-end primary" onClick=${toEnd}>
          ${arrived > 0 ? plural(arrived, "new line") : "To the end"} ↓
        </button>`
      }
    </div>
    <p class="log-foot muted">${facts.join(" · ")}</p>
  </section>`;
}

/**
 * Saves the log as a file.
 *
 * @param {string} path
 * @param {Record<string, string|number>} query
 * @param {string} process
 */
async function download(path, query, process) {
  try {
    const response = await send(path, { query, headers: { Accept: "text/plain" } });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${process}${query.instance && `.${query.instance}`}.log`;
    link.click();
    URL.revokeObjectURL(link.href);
    const isCut = response.headers.get("X-Older-Lines-Left-Out") === "true";
    announce(
      isCut
        ? "Saved the newest lines. Older ones do not fit into an answer; until= of the API has them."
        : "Saved all lines that are kept.",
    );
  } catch (error) {
    announce(`The log was not saved: ${/** @type {Error} */ (error).message}`, "bad");
  }
}
