// @ts-check
// What happened: changes of instances, and requests with their tokens.

import { useRef } from "preact/hooks";
import { askAll } from "../api.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { route, setQuery } from "../route.js";
import { useStore } from "../store.js";
import { SearchField, Select } from "../ui/fields.js";
import { ActivityList } from "./activity_list.js";
import { GROUPS } from "./sentences.js";

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
  const set = (name) => (/** @type {string} */ value) => setQuery({ [name]: value.trim() });
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
      process=${process || undefined}
      filter=${kind}
      search=${q}
      stackName=${stackName}
    />
  </div>`;
}
