// @ts-check
// Everything that is known of one process.

import {
  exactTime,
  formatAgo,
  formatBytes,
  formatCount,
  formatCpuTime,
  formatPercent,
  formatTime,
} from "../format.js";
import { html } from "../html.js";
import { hrefOf } from "../route.js";
import { CopyButton } from "../ui/copy.js";
import { Sparkline } from "../ui/sparkline.js";
import { exactBytes, known } from "./columns.js";

/**
 * @typedef {import("./model.js").HostProcess & import("./model.js").HostProcessDetails} AllOfProcess
 */

// A process with thousands of children or descriptors stays readable.
const MAX_LINKS = 50;

/**
 * @param {object} props
 * @param {AllOfProcess} props.process
 * @param {number} props.share
 * @param {{shares: number[], memory: number[]}} props.history
 * @param {import("./model.js").ProcessModel} props.model
 * @param {Map<string, string>} props.stackNames
 * @param {Record<string, string>} props.query
 */
export function Details({ process: p, share, history, model, stackNames, query }) {
  /** @param {number} pid */
  const link = (pid) =>
    html`<a href=${hrefOf("processes", [String(pid)], query)} key=${pid}
      ><span dir="auto">${model.byPid.get(pid)?.p.name ?? ""}</span> ${pid}</a
    >`;
  /** @param {number[]} pids */
  const links = (pids) =>
    pids.length === 0
      ? "none"
      : html`<span class="links">
          ${pids.slice(0, MAX_LINKS).map(link)}${pids.length > MAX_LINKS && ` and ${pids.length - MAX_LINKS} more`}
        </span>`;
  /** @param {string} name @param {any} value @param {string} [title] */
  const row = (name, value, title = "") =>
    html`<div>
      <dt>${name}</dt>
      <dd title=${title} dir="auto">${value === "" ? "–" : value}</dd>
    </div>`;
  /** @param {string} name @param {number} [value] */
  const bytes = (name, value = -1) => row(name, formatBytes(value), exactBytes(value));
  const memory = p.memory ?? -1;

  return html`
    ${
      p.stack &&
      html`<p class="notice">
        <span>
          Belongs to stack${" "}
          <a href=${hrefOf("stacks", [p.stack, p.process ?? ""])} dir="auto"
            >${`${stackNames.get(p.stack) ?? p.stack.slice(0, 8)}, process ${p.process}, instance ${p.instance}`}</a
          >
        </span>
      </p>`
    }
    <div class="histories">
      <div title=${exactBytes(memory)}>
        <span class="muted">Memory</span><b>${formatBytes(memory)}</b>
        <${Sparkline} values=${history.memory} label="Memory since the details are open" />
      </div>
      <div title="Of one core, since the scan before">
        <span class="muted">CPU</span><b>${formatPercent(share)}</b>
        <${Sparkline}
          values=${history.shares}
          max=${Math.max(1, ...history.shares)}
          label="Share of a core since the details are open"
        />
      </div>
    </div>
    <h3>
      Command line <${CopyButton} text=${p.command_line ?? ""} label="Copy the command line" />
    </h3>
    <pre class="command-line" dir="auto" tabindex="0">
${p.command_line || "– (a thread of the kernel has none)"}</pre>
    <dl>
      ${row("PID", html`${p.pid} <${CopyButton} text=${String(p.pid)} label="Copy the process id" />`)}
      ${row("State", p.state ?? "")} ${row("User", p.user ?? "")}
      ${row(
        "Started",
        p.start_time ? `${formatTime(p.start_time)}, ${formatAgo(p.start_time)}` : "",
        p.start_time && exactTime(p.start_time),
      )}
      ${row(
        "CPU time",
        formatCpuTime(p.cpu_seconds ?? -1),
        known(p.cpu_seconds, (n) => `${n} s`),
      )}
      ${row("Threads", known(p.num_threads, formatCount))} ${row("Nice", String(p.nice ?? "–"))}
      ${row("Session", known(p.session, String))}
      ${row("Ancestors", links(model.ancestors(p).map(({ pid }) => pid)))}
      ${row(`Children (${p.children.length})`, links(p.children))}
    </dl>
    <h3>Memory and storage</h3>
    <dl>
      ${bytes("Proportional (PSS)", p.pss)} ${bytes("Peak", p.peak_memory)}
      ${bytes("Virtual", p.virtual_memory)} ${bytes("Read", p.io_bytes_read)}
      ${bytes("Written", p.io_bytes_written)}
    </dl>
    <h3>System</h3>
    <dl>
      ${row("Descriptors", known(p.open_descriptors, formatCount))}
      ${row("Listens on", listening(p.listening))} ${row("Unit", p.unit ?? "")}
      ${row("Container", p.container ?? "")} ${row("Control group", p.cgroup ?? "")}
    </dl>
    <details>
      <summary>
        Environment: ${p.environment_names ? `${p.environment_names.length} names` : "unknown"}
      </summary>
      <p class="names" title="Values are never shown">
        ${p.environment_names?.map((name) => html`<code dir="auto" key=${name}>${name}</code>`)}
      </p>
    </details>
  `;
}

/** @param {AllOfProcess["listening"]} sockets */
function listening(sockets) {
  if (!sockets) return "–";
  if (sockets.length === 0) return "none";
  return html`<span class="links">
    ${sockets.map(
      ({ protocol, address, port }) =>
        html`<code>${protocol} ${address.includes(":") ? `[${address}]` : address}:${port}</code>`,
    )}
  </span>`;
}
