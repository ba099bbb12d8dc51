// @ts-check
// What a view shows in place of data: loading, empty, failed.

import { useEffect, useState } from "preact/hooks";
import { useNow } from "../clock.js";
import { explain } from "../errors.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

// A skeleton for less time only flickers. Milliseconds.
const SKELETON_AFTER_MS = 300;

/** Grey lines in place of data that takes long. @param {{rows?: number}} props */
export function Skeleton({ rows = 6 }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return html`<div class="skeleton" role="status" aria-label="Loading">
    ${Array.from({ length: rows }, (_, i) => html`<div key=${i}></div>`)}
  </div>`;
}

/**
 * Nothing to show, and what to do.
 *
 * @param {{title: string, children?: any}} props
 */
export function Empty({ title, children }) {
  return html`<div class="empty">
    <h2>${title}</h2>
    ${children}
  </div>`;
}

/**
 * An error: what failed, why, and the remedy.
 *
 * @param {object} props
 * @param {import("../errors.js").ApiError} props.error
 * @param {number} [props.retryAt]  When the page tries again by itself; 0: it does not.
 * @param {() => void} [props.onRetry]
 */
export function ErrorNotice({ error, retryAt = 0, onRetry }) {
  const { title, remedy } = explain(error);
  return html`<div class="notice bad" role="alert">
    <${Icon} name="warn" />
    <div>
      <strong>${title}.</strong> <span dir="auto">${remedy}</span>
      <p class="muted">
        <code>${error.request}</code>: <span dir="auto">${error.message}</span>
        ${retryAt > 0 && html` · <${Countdown} at=${retryAt} />`}
      </p>
    </div>
    ${onRetry && html`<button onClick=${onRetry}>Try again</button>`}
  </div>`;
}

/**
 * The error of a resource, or a skeleton until there are data: what stands in place of data that
 * are not there, or above data that are old.
 *
 * @param {{of: import("../resource.js").Resource<any>, rows?: number}} props
 */
export function Pending({ of: { data, error, retryAt, reload }, rows }) {
  if (error) return html`<${ErrorNotice} error=${error} retryAt=${retryAt} onRetry=${reload} />`;
  return data === undefined ? html`<${Skeleton} rows=${rows} />` : null;
}

/** "again in 4 s". @param {{at: number}} props  Milliseconds of the epoch. */
export function Countdown({ at }) {
  const seconds = Math.max(0, Math.ceil((at - useNow()) / 1000));
  return html`<span class="countdown">again in ${seconds} s</span>`;
}

/**
 * The state of something, by a word, a shape and a colour.
 *
 * @param {{tone: "good"|"warn"|"bad"|"idle"|"busy", children: any, title?: string}} props
 */
export function Chip({ tone, children, title = "" }) {
  return html`<span class="chip ${tone}" title=${title}>${children}</span>`;
}
