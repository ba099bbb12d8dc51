// @ts-check
// What happened: changes of instances, and requests with their tokens.

import { useEffect, useRef, useState } from "preact/hooks";
import { askAll } from "../api.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { route, setQuery } from "../route.js";
import { useStore } from "../store.js";
import { ActivityList } from "./activity_list.js";
import { GROUPS } from "./sentences.js";

// What is typed counts after this pause. Milliseconds.
const TYPING_MS = 250;

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
  const isFiltered = kind || stack || process || q;
  return html`<div class="scroll">
    <div class="toolbar activity-filters" role="search">
      <h1>Activity</h1>
      <${Field} name="q" value=${q} label="Search" field=${search} />
      <select
        aria-label="Kind"
        value=${kind}
        onChange=${(/** @type {any} */ event) => setQuery({ kind: event.target.value })}
      >
        <option value="">All kinds</option>
        <option value="problems">Problems</option>
        ${Object.entries(GROUPS).map(
          ([name, { label, kinds }]) =>
            html`<optgroup label=${label}>
              <option value=${name}>All of ${label.toLowerCase()}</option>
              ${Object.entries(kinds).map(
                ([value, [text]]) => html`<option value=${value}>${text}</option>`,
              )}
            </optgroup>`,
        )}
      </select>
      <select
        aria-label="Stack"
        value=${stack}
        onChange=${(/** @type {any} */ event) => setQuery({ stack: event.target.value })}
      >
        <option value="">All stacks</option>
        ${(stacks ?? []).map(({ uid, name }) => html`<option key=${uid} value=${uid}>${name}</option>`)}
        ${stack && !names.has(stack) && html`<option value=${stack}>${stack.slice(0, 8)} (removed)</option>`}
      </select>
      <${Field} name="process" value=${process} label="Process" />
      ${
        isFiltered &&
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

/**
 * @param {object} props
 * @param {string} props.name  In the address.
 * @param {string} props.value
 * @param {string} props.label
 * @param {{current: HTMLInputElement|null}} [props.field]
 */
function Field({ name, value, label, field }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => setQuery({ [name]: typed.trim() }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return html`<input
    ref=${field}
    type="search"
    dir="auto"
    spellcheck="false"
    aria-label=${label}
    placeholder=${label}
    value=${typed}
    onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
  />`;
}
