// @ts-check
// Who may use the server: tokens, sessions of browsers, OAuth clients.

import { useState } from "preact/hooks";
import { ask, askAll } from "../api.js";
import { useNow } from "../clock.js";
import { exactTime, formatAgo, formatTime, plural } from "../format.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { sessionRefused } from "../session.js";
import { useIsAdmin, useSession } from "../session_hooks.js";
import { confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Chip, Empty, ErrorNotice, Skeleton } from "../ui/states.js";
import { attempt } from "./attempt.js";
import { CreateDialog } from "./create_dialog.js";
import { Sessions } from "./sessions.js";
import { limitsOf, stateOf } from "./words.js";

/**
 * @typedef {import("../session.js").Session} Session
 * @typedef {import("../session.js").Token & {client_id?: string}} Token
 *
 * @typedef {object} Client
 * @property {number} id
 * @property {string} client_id
 * @property {string} name
 * @property {string[]} scopes
 * @property {number} hourly_limit
 * @property {number} daily_limit
 * @property {number} token_lifetime  Seconds.
 * @property {string} created_at
 * @property {string|null} revoked_at
 */

const NEEDS_ADMIN = "Needs a token with the scope admin";
const TONES = /** @type {const} */ ({ valid: "good", expired: "idle", revoked: "bad" });

export function TokensView() {
  const isAdmin = useIsAdmin();
  const { session } = useSession();
  const [making, setMaking] = useState(/** @type {""|"token"|"client"} */ (""));
  const sessions = useResource("sessions", (signal) => askAll("/sessions", { signal }, "sessions"));
  const tokens = useResource(isAdmin ? "tokens" : null, (signal) => askAll("/tokens", { signal }));
  const clients = useResource(isAdmin ? "clients" : null, (signal) =>
    askAll("/oauth/clients", { signal }),
  );
  const create = () => setMaking("token");
  useShortcuts(
    isAdmin ? [{ keys: "c", label: "Create a token", group: "Tokens", run: create }] : [],
  );

  /** @param {Token} token */
  const revoke = async (token) => {
    const isOwn = token.id === session?.token.id;
    const count = /** @type {Session[]} */ (sessions.data ?? []).filter(
      (one) => one.token.id === token.id,
    ).length;
    const isSure = await confirm({
      title: `Revoke the token ${token.name}?`,
      text: html`<p>
          What uses it is refused from now on, its streams
          end${count > 0 && `, and so do ${plural(count, "session")} of browsers`}. It cannot be
          made valid again.
        </p>
        ${isOwn && html`<p class="notice warn">You are signed in with this token: this signs you out.</p>`}`,
      verb: isOwn ? "Revoke and sign out" : "Revoke",
    });
    if (!isSure) return;
    const isDone = await attempt(
      () => ask(`/tokens/${token.id}`, { method: "DELETE" }),
      `The token ${token.name} is revoked.`,
    );
    if (isDone && isOwn) sessionRefused("You revoked the token of this session.");
    else {
      tokens.reload();
      sessions.reload();
    }
  };

  /** @param {Client} client */
  const revokeClient = async (client) => {
    const isSure = await confirm({
      title: `Revoke the client ${client.name}?`,
      text: html`<p>${client.client_id} gets no more tokens, and those that it has end now.</p>`,
      verb: "Revoke",
    });
    if (!isSure) return;
    await attempt(
      () => ask(`/oauth/clients/${client.id}`, { method: "DELETE" }),
      `The client ${client.name} is revoked.`,
    );
    clients.reload();
    tokens.reload();
  };

  return html`<div class="scroll">
    <section class="access">
      <header>
        <h1>Tokens</h1>
        <span class="spacer"></span>
        <button
          class=${isAdmin ? "primary" : ""}
          aria-disabled=${!isAdmin}
          title=${isAdmin ? "Create a token (c)" : NEEDS_ADMIN}
          onClick=${() => isAdmin && create()}
        >
          <${Icon} name="plus" />Create token
        </button>
      </header>
      ${
        isAdmin
          ? html`<${Records}
              resource=${tokens}
              own=${session?.token.id}
              caption="Tokens"
              onRevoke=${revoke}
            />`
          : html`<p class="notice">
              Your token ${session?.token.name} has the scope public: it sees its own sessions only.
              Sign in with a token that has the scope admin to see and change tokens.
            </p>`
      }
    </section>
    <${Sessions} sessions=${sessions} isAdmin=${isAdmin} />
    ${
      isAdmin &&
      html`<section class="access">
        <header>
          <h2>OAuth clients</h2>
          <span class="spacer"></span>
          <button onClick=${() => setMaking("client")}><${Icon} name="plus" />Create client</button>
        </header>
        <p class="muted">
          Programs that fetch tokens of limited life by themselves, with a secret (client
          credentials).
        </p>
        <${Records} resource=${clients} caption="OAuth clients" onRevoke=${revokeClient} />
      </section>`
    }
    ${
      making &&
      html`<${CreateDialog}
        what=${making}
        onMade=${() => (making === "token" ? tokens : clients).reload()}
        onClose=${() => setMaking("")}
      />`
    }
  </div>`;
}

/**
 * A table of tokens or clients; those that are not valid any more are folded away.
 *
 * @param {object} props
 * @param {import("../resource.js").Resource<any[]>} props.resource
 * @param {number} [props.own]  The id of the token of the session.
 * @param {string} props.caption
 * @param {(record: any) => void} props.onRevoke
 */
function Records({ resource, own, caption, onRevoke }) {
  const [hasOld, setOld] = useState(false);
  const now = useNow();
  const { data, error } = resource;
  if (!data) {
    return error
      ? html`<${ErrorNotice}
          error=${error}
          retryAt=${resource.retryAt}
          onRetry=${resource.reload}
        />`
      : html`<${Skeleton} rows=${3} />`;
  }
  const old = data.filter((one) => stateOf(one, now) !== "valid").length;
  const shown = data.filter((one) => hasOld || stateOf(one, now) === "valid").reverse();
  return html`${error && html`<${ErrorNotice} error=${error} retryAt=${resource.retryAt} />`}
  ${
    shown.length === 0
      ? html`<${Empty} title=${data.length ? "None is valid" : "None yet"} />`
      : html`<div class="access-table">
          <table>
            <caption>
              ${caption}
            </caption>
            <thead>
              <tr>
                <th>Name</th>
                <th>State</th>
                <th>May</th>
                <th>Created</th>
                <th>${own ? "Expires" : "Tokens live"}</th>
                <th>Requests</th>
                <th><span class="hidden">Commands</span></th>
              </tr>
            </thead>
            <tbody>
              ${shown.map((one) => html`<${Record} key=${one.id} ...${{ one, own, now, onRevoke }} />`)}
            </tbody>
          </table>
        </div>`
  }
  ${
    old > 0 &&
    html`<label class="check">
      <input type="checkbox" checked=${hasOld} onChange=${() => setOld(!hasOld)} />
      Show revoked and expired ones (${old})
    </label>`
  }`;
}

/** @param {{one: any, own?: number, now: number, onRevoke: (record: any) => void}} props */
function Record({ one, own, now, onRevoke }) {
  const state = stateOf(one, now);
  return html`<tr>
    <th scope="row">
      <span dir="auto">${one.name}</span>
      ${one.id === own && html` <span class="badge">this session</span>`}
      ${one.client_id && html` <span class="badge" title="OAuth client">${one.client_id}</span>`}
    </th>
    <td>
      <${Chip}
        tone=${TONES[state]}
        title=${one.revoked_at ? `Revoked ${exactTime(one.revoked_at)}` : ""}
        >${state}<//
      >
    </td>
    <td>${one.scopes.includes("admin") ? "read and change" : "read"}</td>
    <td title=${exactTime(one.created_at)}>${formatTime(one.created_at)}</td>
    <td title=${one.expires_at ? exactTime(one.expires_at) : ""}>
      ${
        one.token_lifetime
          ? plural(one.token_lifetime / 60, "minute")
          : one.expires_at
            ? formatAgo(one.expires_at, now)
            : "never"
      }
    </td>
    <td>${limitsOf(one)}</td>
    <td class="number">
      ${
        state === "valid" &&
        html`<button
          class="small"
          aria-label=${`Revoke ${one.name}`}
          onClick=${() => onRevoke(one)}
        >
          Revoke
        </button>`
      }
    </td>
  </tr>`;
}
