// @ts-check
// The dialog that makes a token or an OAuth client, and shows its secret once.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api.js";
import { ApiError } from "../errors.js";
import { html } from "../html.js";
import { CopyButton } from "../ui/copy.js";
import { Dialog } from "../ui/dialog.js";
import { expiryOf } from "./words.js";

const SCOPES = {
  public: "Reads everything: processes, stacks, logs, activity. Changes nothing.",
  admin: "Reads and changes everything: scales, restarts, edits stacks, makes tokens.",
};

/** Days. @type {[string, string][]} */
const EXPIRIES = [
  ["1", "in a day"],
  ["30", "in 30 days"],
  ["90", "in 90 days"],
  ["365", "in a year"],
  ["date", "after a date"],
  ["never", "never"],
];

/** Seconds. @type {[string, string][]} */
const LIFETIMES = [
  ["900", "15 minutes"],
  ["3600", "an hour"],
  ["28800", "8 hours"],
  ["86400", "a day"],
];

/**
 * @param {object} props
 * @param {"token"|"client"} props.what
 * @param {() => void} props.onMade
 * @param {() => void} props.onClose
 */
export function CreateDialog({ what, onMade, onClose }) {
  const isToken = what === "token";
  const [fields, setFields] = useState({
    name: "",
    scope: "public",
    expires: "90",
    date: "",
    lifetime: "3600",
    hourly: "3600",
    daily: "0",
  });
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [made, setMade] = useState(/** @type {any} */ (null));
  /** @param {Partial<typeof fields>} change */
  const set = (change) => setFields({ ...fields, ...change });
  /** @param {keyof typeof fields} name */
  const bind = (name) => ({
    value: fields[name],
    onInput: (/** @type {any} */ event) => set({ [name]: event.target.value }),
  });
  if (made) return html`<${Secret} made=${made} onClose=${onClose} />`;

  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    const expires_at = expiryOf(fields.expires, fields.date, Date.now());
    if (isToken && expires_at === undefined) {
      setError("Choose a date that is not over.");
      return;
    }
    setBusy(true);
    setError("");
    try {
      const { data } = await ask(isToken ? "/tokens" : "/oauth/clients", {
        method: "POST",
        body: {
          name: fields.name.trim(),
          scopes: [fields.scope],
          hourly_limit: Number(fields.hourly),
          daily_limit: Number(fields.daily),
          ...(isToken ? { expires_at } : { token_lifetime: Number(fields.lifetime) }),
        },
      });
      setMade(data.response[0]);
      onMade();
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure.message);
      setBusy(false);
    }
  };

  return html`<${Dialog}
    title=${isToken ? "Create a token" : "Create an OAuth client"}
    onClose=${onClose}
  >
    <form class="body" onSubmit=${submit}>
      <label>
        Name
        <input
          autofocus
          required
          maxlength="100"
          dir="auto"
          autocomplete="off"
          placeholder=${isToken ? "dashboard" : "deploy"}
          ...${bind("name")}
        />
      </label>
      <p class="muted">Activity shows it as the one who did something.</p>
      <fieldset>
        <legend>Scope</legend>
        ${Object.entries(SCOPES).map(
          ([scope, text]) =>
            html`<label class="check">
              <input
                type="radio"
                name="scope"
                checked=${fields.scope === scope}
                onChange=${() => set({ scope })}
              />
              <span><strong>${scope}</strong> <span class="muted">${text}</span></span>
            </label>`,
        )}
      </fieldset>
      <div class="access-fields">
        <label>
          ${isToken ? "Expires" : "Its tokens live"}
          <select ...${bind(isToken ? "expires" : "lifetime")}>
            ${(isToken ? EXPIRIES : LIFETIMES).map(
              ([value, text]) => html`<option value=${value}>${text}</option>`,
            )}
          </select>
        </label>
        ${
          isToken &&
          fields.expires === "date" &&
          html`<label>Last day <input type="date" required ...${bind("date")} /></label>`
        }
        <label
          >Requests an hour <input type="number" required min="1" ...${bind("hourly")}
        /></label>
        <label>
          Requests a day (0: no limit)
          <input type="number" required min="0" ...${bind("daily")} />
        </label>
      </div>
      ${error && html`<p class="field-error" role="alert" dir="auto">${error}</p>`}
      <footer>
        <button type="button" onClick=${onClose}>Cancel</button>
        <button class="primary" type="submit" disabled=${isBusy}>
          ${isBusy ? "Creating …" : "Create"}
        </button>
      </footer>
    </form>
  <//>`;
}

/**
 * Without a way to close it but the button: the secret is gone then.
 *
 * @param {{made: any, onClose: () => void}} props
 */
function Secret({ made, onClose }) {
  const secret = made.token ?? made.client_secret;
  const curl = made.token
    ? `curl -H 'Authorization: Bearer ${secret}' ${location.origin}/stacks`
    : `curl -u '${made.client_id}:${secret}' -d grant_type=client_credentials ${location.origin}/oauth/token`;
  const done = useRef(/** @type {HTMLButtonElement|null} */ (null));
  useEffect(() => done.current?.focus(), []);
  return html`<${Dialog} title=${`${made.name}: copy the secret now`}>
    <div class="body">
      <p class="notice warn">The server keeps only a hash of it and cannot show it again.</p>
      ${made.client_id && html`<p>Client: <code>${made.client_id}</code></p>`}
      <p class="secret">
        <code>${secret}</code><${CopyButton} text=${secret} label="Copy the secret" />
      </p>
      <p>Try it:</p>
      <p class="secret">
        <code>${curl}</code><${CopyButton} text=${curl} label="Copy the command" />
      </p>
      <footer>
        <button class="primary" ref=${done} onClick=${onClose}>I have copied it</button>
      </footer>
    </div>
  <//>`;
}
