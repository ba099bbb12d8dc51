// @ts-check
// The dialogs of the view.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { go, hrefOf, route } from "../route.js";
import { useStore } from "../store.js";
import { CopyButton } from "../ui/copy.js";
import { Dialog } from "../ui/dialog.js";
import { valueTo } from "../ui/fields.js";
import { Pending } from "../ui/states.js";
import { command } from "./actions.js";
import { asked } from "./commands.js";
import { hiddenOf } from "./definition.js";
import { DeleteDialog } from "./delete_dialog.js";
import { dryRun } from "./dry_run.js";
import { curlOf, rowsOf, stackPath } from "./model.js";
import { loadProcesses } from "./parts.js";
import { StackForm } from "./stack_form.js";

/** @typedef {import("./commands.js").Asked} Asked */

const close = () => asked.set(null);

export function StackDialogs() {
  const one = useStore(asked);
  const place = useStore(route).path.join("/");
  useEffect(() => close, [place]);
  if (one?.kind === "create") return html`<${CreateDialog} />`;
  if (!one?.stack) return null;
  if (one.kind === "edit") return html`<${EditDialog} stack=${one.stack} />`;
  if (one.kind === "delete") return html`<${DeleteDialog} stack=${one.stack} onClose=${close} />`;
  if (one.kind === "curl") return html`<${CurlDialog} ...${one} />`;
  if (one.process) return html`<${SignalDialog} ...${one} />`;
  return null;
}

function CreateDialog() {
  /** @param {string} uid */
  const done = (uid) => {
    close();
    go(hrefOf("stacks", [uid]));
  };
  return html`<${Dialog} title="New stack" className="wide" onClose=${close}>
    <div class="body"><${StackForm} onDone=${done} onCancel=${close} /></div>
  <//>`;
}

/** @param {{stack: import("./model.js").Stack}} props */
function EditDialog({ stack }) {
  const { uid, name, environment } = stack;
  const definition = useResource(`definition of ${uid}`, async (signal) => {
    const processes = await loadProcesses(uid, signal);
    const shown = processes.map((one) => ({ name: one.name, command: one.command }));
    const body = { name, environment, processes: shown };
    const preview = await dryRun({ method: "PUT", path: stackPath(uid), body }, signal);
    return { stack, processes, hidden: hiddenOf(preview) };
  });
  return html`<${Dialog} title=${`Edit ${name}`} className="wide" onClose=${close}>
    <div class="body">
      <${Pending} of=${definition} />
      ${definition.data && html`<${StackForm} base=${definition.data} onDone=${close} onCancel=${close} />`}
    </div>
  <//>`;
}

/** @param {Asked} props */
function CurlDialog({ stack, process, servers = [] }) {
  const path = `${location.origin}/stacks/${stack?.uid}`;
  const name = process?.name;
  /** @param {string} verb */
  const act = (verb) =>
    curlOf("POST", `${path}/actions`, { command: `process_${verb}`, process_name: name });
  const commands = process
    ? [
        ...rowsOf(process, servers).map((server) => [
          `Scale to ${server.wanted}${servers.length > 1 ? ` on ${server.name}` : ""}`,
          curlOf("POST", `${path}/processes`, {
            process_name: name,
            server_count: { [server.uid]: server.wanted },
          }),
        ]),
        ["Restart", act("restart")],
        ["Pause", act("pause")],
        ["Resume", act("resume")],
      ]
    : [
        ["Show the processes", curlOf("GET", `${path}/processes`)],
        ["Restart all", curlOf("POST", `${path}/actions`, { command: "restart" })],
        ["Delete", curlOf("DELETE", path)],
      ];
  return html`<${Dialog}
    title=${`${name ?? stack?.name} with curl`}
    className="wide"
    onClose=${close}
  >
    <div class="body">
      <p class="muted">
        The token comes from the variable <code>TALLYMAN_TOKEN</code>, so that it stays out of the
        history of the shell.
      </p>
      ${commands.map(
        ([label, text]) =>
          html`<div class="curl" key=${label}>
            <b>${label}</b>
            <pre tabindex="0" aria-label=${label}>${text}</pre>
            <${CopyButton} text=${text} label=${`Copy: ${label}`} />
          </div>`,
      )}
    </div>
  <//>`;
}

/** @param {Asked} props */
function SignalDialog({ stack, process, instance, servers = [] }) {
  const [signal, setSignal] = useState("HUP");
  // The API's own description lists them.
  const signals = useResource("signals", async (abort) => {
    const answer = await ask("/openapi.json", { signal: abort });
    return /** @type {string[]} */ (
      answer.data.components.schemas.ActionRequest.properties.signal.enum
    );
  });
  const name = process?.name ?? "";
  const whom = instance ? `instance ${instance.instance} of ${name}` : `all instances of ${name}`;
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    close();
    command(stack?.uid ?? "", {
      command: "process_signal",
      process_name: name,
      signal,
      instance: instance?.instance,
      server_uid: servers.find((server) => server.name === instance?.server)?.uid,
    });
  };
  return html`<${Dialog} title=${`Signal ${whom}`} onClose=${close}>
    <form onSubmit=${submit}>
      <div class="body">
        ${signals.error && html`<${Pending} of=${signals} />`}
        <label>
          Signal
          <select autofocus value=${signal} onChange=${valueTo(setSignal)}>
            ${(signals.data ?? [signal]).map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
          </select>
        </label>
        <p class="muted">
          It goes to the main process of ${instance ? "the instance" : "each instance"}. An instance
          that it ends starts again.
        </p>
      </div>
      <footer>
        <button type="button" onClick=${close}>Cancel</button>
        <button class="primary" disabled=${!signals.data}>Send ${signal}</button>
      </footer>
    </form>
  <//>`;
}
