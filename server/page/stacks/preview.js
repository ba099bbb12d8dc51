// @ts-check
// The answer to a dry run, for people.

import { plural } from "../format.js";
import { html } from "../html.js";
import { diffLines, shorten } from "./line_diff.js";

/**
 * @param {object} props
 * @param {import("./model.js").Preview} props.preview
 * @param {number} [props.total]  The processes before; absent: none stays as it is.
 */
export function PreviewText({ preview, total = 0 }) {
  const { processes, start, stop, restart, fields, superseded } = preview;
  const unchanged = total - processes.filter(({ change }) => change !== "added").length;
  const parts = [
    start > 0 && `${plural(start, "instance")} will start`,
    stop > 0 && `${plural(stop, "instance")} will stop`,
    restart > 0 && `${plural(restart, "instance")} will restart`,
  ].filter(Boolean);
  return html`
    <p>
      <b>${parts.join(", ") || "No instance starts or stops"}.</b>
      ${unchanged > 0 && ` ${plural(unchanged, "process", "processes")} unchanged.`}
      ${fields.length > 0 && ` New ${fields.join(" and ")}.`}
      ${superseded.length > 0 && ` Ends ${plural(superseded.length, "open action")}.`}
    </p>
    <ul class="preview">
      ${processes.map(
        ({ name, change, fields: changed, servers }) =>
          html`<li key=${name}>
            <span class="change ${change}">${change === "none" ? "scaled" : change}</span>
            <b>${name}</b>
            <span class="muted" dir="auto">
              ${[changed.join(", "), ...servers.map(serverText)].filter(Boolean).join(" · ")}
            </span>
          </li>`,
      )}
    </ul>
  `;
}

/** @param {import("./model.js").PreviewOfProcess["servers"][number]} server */
function serverText({ name, start, stop, restart }) {
  const parts = [
    start > 0 && `starts ${start}`,
    stop > 0 && `stops ${stop}`,
    restart > 0 && `restarts ${restart}`,
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(", ")} on ${name}` : "";
}

/** The changed lines. @param {{before: string, after: string}} props */
export function Difference({ before, after }) {
  const lines = shorten(diffLines(before, after));
  if (lines.length === 0) return null;
  return html`<pre class="diff" tabindex="0" aria-label="Changed lines">
${lines.map((line) =>
      line
        ? html`<span
            class=${line.kind === "+" ? "added" : line.kind === "-" ? "removed" : ""}
            dir="auto"
            >${line.kind} ${line.text}${"\n"}</span
          >`
        : html`<span class="muted">…${"\n"}</span>`,
    )}</pre>`;
}
