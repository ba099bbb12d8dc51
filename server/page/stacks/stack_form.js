// @ts-check
// The definition of a new or of a present stack, with what it would do.

import { useRef, useState } from "preact/hooks";
import { ask } from "../api.js";
import { ApiError } from "../errors.js";
import { html } from "../html.js";
import { announce } from "../ui/announce.js";
import { valueTo } from "../ui/fields.js";
import { ErrorNotice } from "../ui/states.js";
import { newKey } from "./actions.js";
import {
  bodyOf,
  convert,
  fitsProcfile,
  jsonOf,
  locate,
  lostOf,
  procfileOf,
  TextError,
} from "./definition.js";
import { dryRun, useDryRun } from "./dry_run.js";
import { Editor } from "./editor.js";
import { emit } from "../feed.js";
import { stackPath } from "./model.js";
import { unlessRefused, useRefusal } from "./permission.js";
import { Difference, PreviewText } from "./preview.js";

/**
 * @typedef {object} Base  What is edited.
 * @property {import("./model.js").Stack} stack
 * @property {import("./model.js").Process[]} processes
 * @property {Record<string, string[]>} hidden  See hiddenOf().
 */

const EXAMPLE = "web: bin/web --port 8080\nworker: bin/worker\n";

/**
 * @param {object} props
 * @param {Base} [props.base]  Absent: a new stack.
 * @param {(uid: string) => void} props.onDone
 * @param {() => void} [props.onCancel]
 */
export function StackForm({ base, onDone, onCancel }) {
  const refusal = useRefusal();
  const hidden = base?.hidden ?? {};
  const isLossless = Object.keys(hidden).length === 0 && fitsProcfile(base?.processes ?? []);
  const [mode, setMode] = useState(
    /** @type {"procfile"|"json"} */ (isLossless ? "procfile" : "json"),
  );
  const written = {
    procfile: procfileOf(base?.processes ?? []),
    json: jsonOf(base?.processes ?? []),
  };
  const [text, setText] = useState(base ? written[mode] : "");
  const [name, setName] = useState(base?.stack.name ?? "");
  const [environment, setEnvironment] = useState(base?.stack.environment ?? "");
  const [instances, setInstances] = useState(1);
  const [agreesToLose, setAgreesToLose] = useState(false);
  const [failure, setFailure] = useState(/** @type {ApiError|null} */ (null));
  const [isNewer, setNewer] = useState(false);
  const [round, setRound] = useState(0);
  const [isSending, setSending] = useState(false);
  const key = useRef({ of: "", value: "" });

  /** @type {TextError|null} */
  let textError = null;
  /** @type {import("./dry_run.js").Request|null} */
  let request = null;
  try {
    // Without a name there is a preview already; "Create" waits for the name.
    const body = {
      name: name || "unnamed",
      environment,
      ...bodyOf(mode, text, base ? 0 : instances),
    };
    const path = base ? stackPath(base.stack.uid) : "/api/3/stacks";
    if (text.trim() && !refusal) request = { method: base ? "PUT" : "POST", path, body };
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    if (text.trim()) textError = error;
  }
  const { preview, error, isCurrent } = useDryRun(request, round);
  const wrong =
    textError ?? (error && isAboutText(error) ? locate(error.message, mode, text) : null);
  const lost = preview && base ? lostOf(preview, hidden, base.processes, text) : [];
  const isUnchanged = base && preview && preview.processes.length + preview.fields.length === 0;
  const wait =
    (!name && "It needs a name") ||
    (!text.trim() && "It needs a process") ||
    (wrong && "Correct the error first") ||
    (isUnchanged && "Nothing is changed") ||
    (lost.length > 0 && !agreesToLose && "Say first that the fields may be removed") ||
    (!(preview && isCurrent) && "Wait for the preview") ||
    (isSending && "It is sent") ||
    "";

  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    if (refusal || wait || !request || !preview) return;
    setSending(true);
    setFailure(null);
    setNewer(false);
    try {
      if (base && JSON.stringify(await dryRun(request)) !== JSON.stringify(preview)) {
        setNewer(true);
        setRound((n) => n + 1);
        return;
      }
      const content = JSON.stringify(request.body);
      if (key.current.of !== content) key.current = { of: content, value: newKey() };
      const headers = { "Idempotency-Key": key.current.value };
      const { data } = await ask(request.path, { ...request, headers });
      announce(`${name} is ${base ? "changed" : "created"}.`, "good");
      emit([{ type: "reload", data: null }]);
      onDone(data.response.uid);
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      setFailure(thrown);
    } finally {
      setSending(false);
    }
  };

  const other = mode === "procfile" ? "json" : "procfile";
  const converted = convert(mode, text);
  const switchTo = () => {
    setText(converted ?? "");
    setMode(other);
  };
  const label = other === "json" ? "As JSON, with more fields" : "As a Procfile";
  const reason =
    converted === null && text.trim() ? "The text is wrong, or says more than that" : "";

  return html`<form class="stack-form" onSubmit=${submit}>
    ${base && Object.keys(hidden).length > 0 && html`<${Hidden} hidden=${hidden} />`}
    <div class="fields">
      <label>
        Name
        <input
          required
          autofocus
          maxlength="64"
          autocomplete="off"
          dir="auto"
          value=${name}
          onInput=${valueTo(setName)}
        />
      </label>
      <label>
        Environment
        <input
          maxlength="64"
          autocomplete="off"
          placeholder="production"
          dir="auto"
          value=${environment}
          onInput=${valueTo(setEnvironment)}
        />
      </label>
      ${
        !base &&
        mode === "procfile" &&
        html`<label class="few">
          Instances of each
          <input
            type="number"
            min="0"
            max="1000"
            value=${instances}
            onInput=${valueTo((value) => setInstances(Math.max(0, Math.floor(Number(value) || 0))))}
          />
        </label>`
      }
    </div>
    <div class="form-head">
      <b>${mode === "procfile" ? "Procfile" : "Processes in JSON"}</b>
      <span class="spacer"></span>
      <button type="button" class="small quiet" ...${unlessRefused(reason, label, switchTo)}>
        ${label}
      </button>
    </div>
    <${Editor}
      label=${mode === "procfile" ? "Procfile" : "Processes in JSON"}
      value=${text}
      onInput=${setText}
      placeholder=${mode === "procfile" ? EXAMPLE : '[{"name": "web", "command": "bin/web", "env": {"PORT": "8080"}}]'}
      line=${wrong?.line ?? 0}
      message=${wrong?.message ?? ""}
    />
    <div class="outcome" aria-live="polite">
      ${isNewer && html`<p class="field-error">The stack has changed meanwhile. This is what would happen now:</p>`}
      ${preview && html`<${PreviewText} preview=${preview} total=${base?.processes.length} />`}
      ${base && preview && html`<${Difference} before=${written[mode]} after=${text} />`}
      ${error && !isAboutText(error) && html`<${ErrorNotice} error=${error} />`}
      ${failure && html`<${ErrorNotice} error=${failure} />`}
    </div>
    ${
      lost.length > 0 &&
      html`<label class="check lose">
        <input
          type="checkbox"
          checked=${agreesToLose}
          onChange=${() => setAgreesToLose(!agreesToLose)}
        />
        <span>Remove or replace what the page does not show: <b>${lost.join("; ")}</b></span>
      </label>`
    }
    <footer>
      ${onCancel && html`<button type="button" onClick=${onCancel}>Cancel</button>`}
      <button
        class="primary"
        ...${{ ...unlessRefused(refusal || wait, "", () => {}), onClick: undefined }}
      >
        ${base ? "Apply" : "Create"}
      </button>
    </footer>
  </form>`;
}

/** Whether somebody can correct it here: 409 is a name that is taken. @param {ApiError} error */
function isAboutText({ status }) {
  return status === 400 || status === 409;
}

/** @param {{hidden: Record<string, string[]>}} props */
function Hidden({ hidden }) {
  const list = Object.entries(hidden).map(([name, fields]) => `${name}: ${fields.join(", ")}`);
  return html`<div class="notice warn">
    <div>
      The server keeps these fields to itself, or parts of them: <b>${list.join("; ")}</b>. Write
      them again below; a field that is not written is removed, and <code>***</code> is taken as it
      stands. A field with its present value does not show as a change.
    </div>
  </div>`;
}
