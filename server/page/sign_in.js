// @ts-check
// The dialog that asks for a token.

import { useState } from "preact/hooks";
import { useNow } from "./clock.js";
import { ApiError } from "./errors.js";
import { html } from "./html.js";
import { signIn } from "./session.js";
import { useSession } from "./session_hooks.js";
import { Dialog } from "./ui/dialog.js";
import { valueTo } from "./ui/fields.js";

/** @param {{reason: string}} props  Why the page is signed out; "": nobody has signed in yet. */
export function SignIn({ reason }) {
  const { session } = useSession();
  const [token, setToken] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {ApiError|null} */ (null));
  const waitUntil = error?.status === 429 ? error.at + error.retryAfter * 1000 : 0;
  const wait = Math.ceil((waitUntil - useNow(waitUntil > Date.now())) / 1000);

  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    if (!token.trim()) {
      setError(new ApiError({ request: "", status: 401, message: "Paste a token." }));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn({ token: token.trim() });
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      setBusy(false);
    }
  };

  return html`<${Dialog}
    title=${session ? "Sign in again" : "Sign in to Tallyman"}
    className="sign-in"
  >
    <form class="body" onSubmit=${submit}>
      ${reason && html`<p class="notice warn">${reason}</p>`}
      <label>
        Token
        <input
          type="password"
          name="token"
          autocomplete="current-password"
          placeholder="tly_…"
          spellcheck="false"
          autofocus
          aria-invalid=${error ? "true" : "false"}
          aria-describedby="sign-in-help"
          value=${token}
          onInput=${valueTo(setToken)}
        />
      </label>
      ${
        error &&
        html`<p class="field-error" role="alert">
          ${error.message}${wait > 0 && html` The server waits ${wait} s before it takes another.`}
        </p>`
      }
      <div id="sign-in-help" class="muted">
        <p>
          The server printed an admin token at its first start, with an address that signs in by
          itself.
        </p>
        <details>
          <summary>The token is lost?</summary>
          <p>Start the server once with <code>--new_admin_token</code>: it prints another.</p>
        </details>
      </div>
      <footer>
        <button class="primary" type="submit" disabled=${isBusy || wait > 0}>
          ${isBusy ? "Signing in …" : "Sign in"}
        </button>
      </footer>
    </form>
  <//>`;
}
