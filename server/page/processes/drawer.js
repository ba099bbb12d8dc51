// @ts-check
// The details of one process: beside the list, or over it where the window is narrow.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api.js";
import { useNow } from "../clock.js";
import { formatTime } from "../format.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { Dialog } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { useMedia } from "../ui/media.js";
import { ErrorNotice, Skeleton } from "../ui/states.js";
import { Details } from "./details.js";
import { keyOf } from "./model.js";

/** @typedef {import("./details.js").AllOfProcess} AllOfProcess */

// Details cost the server more than a row of the list: a slow answer is asked for less often.
const PAUSE_MS = 2000;
const PAUSE_PER_ANSWER = 10;
const MAX_HISTORY = 120;

/**
 * @param {object} props
 * @param {string} props.pid
 * @param {import("./model.js").ProcessModel} props.model
 * @param {number} props.revision  Of the model.
 * @param {boolean} props.isPaused
 * @param {Map<string, string>} props.stackNames
 * @param {Record<string, string>} props.query  Of the address, for links.
 * @param {() => void} props.onClose
 */
export function Drawer({ pid, model, revision, isPaused, stackNames, query, onClose }) {
  const isWide = useMedia("(min-width: 1024px)");
  const [endedAt, setEndedAt] = useState(0);
  const took = useRef(0);
  const { data, error, retryAt, loadedAt, isLoading, reload } = useResource(pid, async (signal) => {
    const begin = performance.now();
    const answer = await ask(`/server/processes/${encodeURIComponent(pid)}`, { signal });
    took.current = performance.now() - begin;
    return /** @type {AllOfProcess} */ (answer.data.data[0]);
  });

  // The pid may get another process: what is shown is the first.
  const shown = useRef(/** @type {AllOfProcess|null} */ (null));
  const isOther = !!data && !!shown.current && keyOf(data) !== keyOf(shown.current);
  if (data && !isOther && !endedAt) shown.current = data;
  const process = shown.current;
  const hasEnded = process !== null && (error?.status === 404 || isOther);
  useEffect(() => {
    if (hasEnded) setEndedAt(Date.now());
  }, [hasEnded]);

  const follows = !isPaused && !endedAt && !hasEnded && (process !== null || error === null);
  const now = useNow(follows);
  const pause = Math.max(PAUSE_MS, PAUSE_PER_ANSWER * took.current);
  useEffect(() => {
    if (follows && !isLoading && !retryAt && loadedAt > 0 && now - loadedAt >= pause) reload();
  }, [now]);

  const record = process ? model.byPid.get(process.pid) : undefined;
  const isListed = record !== undefined && record.key === keyOf(/** @type {any} */ (process));
  const share = isListed && !endedAt ? record.share : NaN;
  const history = useRef({
    shares: /** @type {number[]} */ ([]),
    memory: /** @type {number[]} */ ([]),
  });
  useEffect(() => {
    if (!isListed || endedAt) return;
    const { shares, memory } = history.current;
    if (!Number.isNaN(share)) shares.push(share);
    if ((record.p.memory ?? -1) >= 0) memory.push(/** @type {number} */ (record.p.memory));
    for (const values of [shares, memory]) if (values.length > MAX_HISTORY) values.shift();
  }, [revision]);

  const title = process ? `${process.name || "Process"} ${process.pid}` : `Process ${pid}`;
  const content = html`
    ${
      (hasEnded || endedAt > 0) &&
      html`<div class="notice warn" role="status">
        <${Icon} name="warn" />
        <div>
          <strong>The process has ended</strong>${endedAt > 0 && `, before ${formatTime(endedAt)}`}.
          Below are its last values.${isOther && " Its pid belongs to another process now."}
        </div>
      </div>`
    }
    ${
      error &&
      !hasEnded &&
      !endedAt &&
      !error.isDisconnected &&
      (error.status === 404
        ? html`<p>No process has the id ${pid}. It may have ended.</p>`
        : html`<${ErrorNotice} error=${error} retryAt=${retryAt} onRetry=${reload} />`)
    }
    ${
      process
        ? html`<${Details}
            process=${process}
            share=${share}
            history=${history.current}
            model=${model}
            stackNames=${stackNames}
            query=${query}
          />`
        : !error && html`<${Skeleton} rows=${10} />`
    }
  `;
  if (!isWide) {
    return html`<${Dialog} title=${title} onClose=${onClose} className="full">
      <div class="body details">${content}</div>
    <//>`;
  }
  return html`<${Panel} title=${title} onClose=${onClose}>${content}<//>`;
}

/** @param {{title: string, onClose: () => void, children: any}} props */
function Panel({ title, onClose, children }) {
  const heading = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    heading.current?.focus();
  }, []);
  return html`<aside class="panel details" aria-label="Details of the process">
    <header>
      <h2 ref=${heading} tabindex="-1" dir="auto">${title}</h2>
      <button class="quiet" aria-label="Close the details" title="Close (Esc)" onClick=${onClose}>
        <${Icon} name="close" />
      </button>
    </header>
    ${children}
  </aside>`;
}
