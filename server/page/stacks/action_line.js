// @ts-check
// An action: how far it is, or how it ended.

import { ask } from "../api.js";
import { useNow } from "../clock.js";
import { exactTime, formatAgo } from "../format.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { hrefOf } from "../route.js";
import { Icon } from "../ui/icon.js";
import { dismiss } from "./actions.js";
import { stackPath } from "./model.js";
import { countsOf, instanceIn, isOpen } from "./progress.js";

const ICONS = /** @type {const} */ ({
  sent: "play",
  open: "play",
  done: "check",
  failed: "warn",
  superseded: "down",
});
const WORDS = { sent: "asked", open: "under way", done: "done", failed: "failed", superseded: "" };

/**
 * @param {object} props
 * @param {import("./progress.js").Tracked} props.action
 * @param {number} [props.running]  Instances of its process that run now.
 */
export function ActionLine({ action, running }) {
  const { key, uid, text, summary, from, state, message, at } = action;
  const open = isOpen(action);
  const now = useNow(open);
  const { count } = summary;
  const counts = countsOf(action);
  const goal =
    count === null || running === undefined
      ? ""
      : `${from === null ? "" : `${from} → `}${count}, ${running} running`;
  return html`<div class="action ${state}">
    <${Icon} name=${ICONS[state]} />
    <div class="what">
      <b dir="auto">${text}</b>
      ${WORDS[state] && html`<span class="word">${WORDS[state]}</span>`}
      ${open && html`<span>${[goal, counts].filter(Boolean).join(" · ")}</span>`}
      ${message && html`<span class="message" dir="auto">${message}</span>`}
      ${open && html`<span class="muted" title=${exactTime(at)}>${formatAgo(at, Math.max(now, at))}</span>`}
      ${
        open &&
        count !== null &&
        running !== undefined &&
        html`<${Bar} from=${from} count=${count} running=${running} label=${text} />`
      }
      ${state === "failed" && action.id > 0 && summary.process && html`<${LastLines} uid=${uid} process=${summary.process} instance=${summary.instance || instanceIn(message)} />`}
    </div>
    ${action.retry && html`<button class="small" onClick=${action.retry}>Try again</button>`}
    ${
      !open &&
      html`<button class="quiet small" aria-label="Close: ${text}" onClick=${() => dismiss(key)}>
        <${Icon} name="close" />
      </button>`
    }
  </div>`;
}

/** @param {{from: number|null, count: number, running: number, label: string}} props */
function Bar({ from, count, running, label }) {
  const begin = from ?? (running > count ? running : 0);
  const way = Math.abs(count - begin) || 1;
  const done = Math.min(way, Math.max(0, way - Math.abs(count - running)));
  return html`<progress max=${way} value=${done} aria-label=${`Progress of ${label}`}></progress>`;
}

/** What a process wrote last. @param {{uid: string, process: string, instance: number}} props */
function LastLines({ uid, process, instance }) {
  const path = `${stackPath(uid)}/processes/${encodeURIComponent(process)}/logs`;
  const { data } = useResource(`lines of ${path} ${instance}`, async (signal) => {
    const query = { lines: 10, instance: instance || undefined };
    const answer = await ask(path, { query, signal });
    const outputs = /** @type {{instance: number, lines: string[]}[]} */ (answer.data.response);
    return outputs.map(({ instance: n, lines }) => ({ n, lines: lines.slice(-10) }));
  });
  const query = { tab: "logs", instance: instance ? String(instance) : undefined };
  return html`${data?.map(
      ({ n, lines }) =>
        lines.length > 0 &&
        html`<pre
          class="last-lines"
          key=${n}
          dir="auto"
          aria-label=${`Last lines of instance ${n}`}
        >
${lines.join("\n")}</pre>`,
    )} <a href=${hrefOf("stacks", [uid, process], query)}>Open the log</a>`;
}
