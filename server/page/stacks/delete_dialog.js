// @ts-check
// Asks before a stack is deleted, with what stops.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { go, hrefOf, route } from "../route.js";
import { plural } from "../format.js";
import { Dialog } from "../ui/dialog.js";
import { valueTo } from "../ui/fields.js";
import { Pending } from "../ui/states.js";
import { start } from "./actions.js";
import { dryRun } from "./dry_run.js";
import { stackPath } from "./model.js";
import { PreviewText } from "./preview.js";

// With more instances than this, the name has to be typed.
const FEW = 10;

/** @param {{stack: import("./model.js").Stack, onClose: () => void}} props */
export function DeleteDialog({ stack, onClose }) {
  const { uid, name } = stack;
  const [typed, setTyped] = useState("");
  const outcome = useResource(`deletion of ${uid}`, (signal) =>
    dryRun({ method: "DELETE", path: stackPath(uid) }, signal),
  );
  const { data } = outcome;
  const needsName = data !== undefined && data.stop > FEW;
  const isReady = data !== undefined && (!needsName || typed === name);
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (!isReady) return;
    onClose();
    if (route.get().path[0] === uid) go(hrefOf("stacks"));
    start({ uid, text: `delete ${name}`, path: "", method: "DELETE" });
  };
  return html`<${Dialog} title=${`Delete ${name}?`} onClose=${onClose}>
    <form onSubmit=${submit}>
      <div class="body">
        <${Pending} of=${outcome} rows=${3} />
        ${
          data &&
          html`<${PreviewText} preview=${data} />
            <p class="muted">The definition and the logs are removed. The events stay.</p>`
        }
        ${
          needsName &&
          html`<label>
            <span>Type the name <b dir="auto">${name}</b></span>
            <input autocomplete="off" dir="auto" value=${typed} onInput=${valueTo(setTyped)} />
          </label>`
        }
      </div>
      <footer>
        <button type="button" onClick=${onClose}>Cancel</button>
        <button class="danger" disabled=${!isReady}>
          ${data && data.stop > 0 ? `Stop ${plural(data.stop, "instance")} and delete` : "Delete"}
        </button>
      </footer>
    </form>
  <//>`;
}
