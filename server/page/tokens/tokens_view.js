// @ts-check
// Who may use the server: tokens, sessions of browsers, OAuth clients.

import { useState } from "preact/hooks";
import { ask, askAll } from "../api.js";
import { useNow } from "../clock.js";
import { ApiError } from "../errors.js";
import { exactTime, formatAgo, formatTime, plural } from "../format.js";
import { html } from "../html.js";
import { useShortcuts } from "../keys.js";
import { useResource } from "../resource.js";
import { sessionRefused } from "../session.js";
import { useIsAdmin, useSession } from "../session_hooks.js";
import { announce } from "../ui/announce.js";
import { confirm } from "../ui/dialog.js";
import { Chip, Empty, Pending } from "../ui/states.js";
import { CreateDialog } from "./create_dialog.js";
import { browserOf, limitsOf, stateOf } from "./words.js";

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
 *
 * @typedef {[head: string, cell: (one: any) => any]} Column
 */

const TONES = /** @type {const} */ ({ valid: "good", expired: "idle", revoked: "bad" });

export function TokensView() {
  const isAdmin = useIsAdmin();
  const own = useSession().session?.token;
  const now = useNow();
  const [making, setMaking] = useState(/** @type {""|"token"|"client"} */ (""));
  const sessions = useResource("sessions", (signal) => askAll("/sessions", { signal }, "sessions"));
  const tokens = useResource(isAdmin ? "tokens" : null, (signal) => askAll("/tokens", { signal }));
  const clients = useResource(isAdmin ? "clients" : null, (signal) =>
    askAll("/oauth/clients", { signal }),
  );
  const createToken = () => isAdmin && setMaking("token");
  useShortcuts([{ keys: "c", label: "Create a token", group: "Tokens", run: createToken }]);

  /**
   * Asks, deletes, says how it went, and loads again or signs out.
   *
   * @param {object} parts
   * @param {string} parts.path
   * @param {string} parts.done
   * @param {string} [parts.title]  Of the question; absent: there is none.
   * @param {any} [parts.text]
   * @param {string} [parts.verb]
   * @param {boolean} [parts.isOwn]  It ends this session.
   */
  const end = async ({ path, done, title, text, verb = "Revoke", isOwn }) => {
    if (title && !(await confirm({ title, text: html`<p>${text}</p>`, verb }))) return;
    try {
      await ask(path, { method: "DELETE" });
      announce(done, "good");
      if (isOwn) sessionRefused(done);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // After a 401 the page asks to sign in already.
      if (error.status !== 401) announce(`It failed: ${error.message}`, "bad");
    }
    for (const resource of [sessions, tokens, clients]) resource.reload();
  };

  /** @param {Token} token */
  const revokeToken = ({ id, name }) => {
    const isOwn = id === own?.id;
    const count = (sessions.data ?? []).filter((one) => one.token.id === id).length;
    end({
      path: `/tokens/${id}`,
      done: `The token ${name} is revoked.`,
      title: `Revoke the token ${name}?`,
      text: `What uses it is refused from now on. Its streams${count ? ` and ${plural(count, "session")} of browsers` : ""} end.${isOwn ? " You are signed in with this token: this signs you out." : ""}`,
      isOwn,
    });
  };

  /** @param {Client} client */
  const revokeClient = ({ id, name }) =>
    end({
      path: `/oauth/clients/${id}`,
      done: `The client ${name} is revoked.`,
      title: `Revoke the client ${name}?`,
      text: "It gets no more tokens, and those that it has end now.",
    });

  /** @param {(one: any) => void} revoke @param {Column} life @returns {Column[]} */
  const columns = (revoke, life) => [
    [
      "Name",
      (one) =>
        html`<span dir="auto">${one.name}</span> ${one === ownToken && badge("this session")}
          ${one.client_id && badge(one.client_id)}`,
    ],
    [
      "State",
      (one) => {
        const state = stateOf(one, now);
        return html`<${Chip} tone=${TONES[state]}>${state}<//>`;
      },
    ],
    ["May", ({ scopes }) => (scopes.includes("admin") ? "read and change" : "read")],
    ["Created", ({ created_at }) => when(created_at)],
    life,
    ["Requests", limitsOf],
    [
      "",
      (one) =>
        stateOf(one, now) === "valid" && command("Revoke", `Revoke ${one.name}`, () => revoke(one)),
    ],
  ];
  const ownToken = tokens.data?.find(({ id }) => id === own?.id);

  return html`<div class="scroll">
    <${Section}
      title="Tokens"
      heading="h1"
      button="Create token"
      disabled=${isAdmin ? "" : "Needs a token with the scope admin"}
      onButton=${createToken}
      resource=${isAdmin ? tokens : null}
      columns=${columns(revokeToken, [
        "Expires",
        ({ expires_at }) => (expires_at ? when(expires_at, now) : "never"),
      ])}
      isOld=${(/** @type {Token} */ one) => stateOf(one, now) !== "valid"}
    >
      ${
        !isAdmin &&
        html`<p class="notice">
          The token ${own?.name} has the scope public: it sees its own sessions only. Sign in with
          one that has the scope admin to see and change tokens.
        </p>`
      }
    <//>
    <${Section}
      title="Sessions"
      button="Sign out everywhere"
      onButton=${() =>
        end({
          path: "/sessions",
          done: "You are signed out everywhere.",
          title: "Sign out everywhere?",
          text: "All sessions of your token end, this one too. The token stays valid.",
          verb: "Sign out everywhere",
          isOwn: true,
        })}
      resource=${sessions}
      columns=${sessionColumns(end, now)}
    >
      <p class="muted">
        Browsers that are signed in${isAdmin ? ", with any token" : " with your token"}. A session
        ends after a day without use.
      </p>
    <//>
    ${
      isAdmin &&
      html`<${Section}
        title="OAuth clients"
        button="Create client"
        onButton=${() => setMaking("client")}
        resource=${clients}
        columns=${columns(revokeClient, [
          "Tokens live",
          ({ token_lifetime }) => plural(token_lifetime / 60, "minute"),
        ])}
        isOld=${(/** @type {Client} */ one) => one.revoked_at}
      >
        <p class="muted">
          Programs that fetch tokens of limited life by themselves, with a secret.
        </p>
      <//>`
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

/** @param {string} text */
const badge = (text) => html`<span class="badge">${text}</span>`;

/** @param {string} time @param {number} [now]  Absent: not relative to it. */
const when = (time, now) =>
  html`<span title=${exactTime(time)}>${now ? formatAgo(time, now) : formatTime(time)}</span>`;

/** @param {string} text @param {string} label @param {() => void} run */
const command = (text, label, run) =>
  html`<button class="small" aria-label=${label} onClick=${run}>${text}</button>`;

/** @param {(parts: any) => void} end @param {number} now @returns {Column[]} */
function sessionColumns(end, now) {
  return [
    [
      "Browser",
      ({ user_agent, current }) =>
        html`<span dir="auto" title=${user_agent}>${browserOf(user_agent)}</span> ${
            current && badge("this one")
          }`,
    ],
    ["Address", ({ address }) => address],
    ["Token", ({ token }) => html`<span dir="auto">${token.name}</span>`],
    ["Since", ({ created_at }) => when(created_at)],
    ["Last used", (one) => (one.current ? "now" : when(one.last_used_at, now))],
    ["Ends", (one) => when([one.expires_at, one.idle_expires_at].sort()[0], now)],
    [
      "",
      ({ id, user_agent, address, current }) => {
        const verb = current ? "Sign out" : "End";
        return command(verb, `${verb}: ${browserOf(user_agent)}, ${address}`, () =>
          end({ path: `/sessions/${id}`, done: "The session has ended.", isOwn: current }),
        );
      },
    ],
  ];
}

/**
 * A heading with a command, and a table, newest first.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {string} [props.heading]
 * @param {string} props.button
 * @param {string} [props.disabled]  Why the button cannot be used.
 * @param {() => void} props.onButton
 * @param {import("../resource.js").Resource<any[]>|null} props.resource
 * @param {Column[]} props.columns  Those with the head "" have commands.
 * @param {(one: any) => any} [props.isOld]  Which records are folded away.
 * @param {any} [props.children]
 */
function Section({
  title,
  heading = "h2",
  button,
  disabled,
  onButton,
  resource,
  columns,
  isOld,
  children,
}) {
  const [hasOld, setOld] = useState(false);
  const data = resource?.data;
  const old = isOld ? (data ?? []).filter(isOld).length : 0;
  const shown = (data ?? []).filter((one) => hasOld || !isOld?.(one)).sort((a, b) => b.id - a.id);
  return html`<section class="access">
    <header>
      <${heading}>${title}<//>
      <button aria-disabled=${Boolean(disabled)} title=${disabled} onClick=${onButton}>
        ${button}
      </button>
    </header>
    ${children} ${resource && html`<${Pending} of=${resource} rows=${3} />`}
    ${data && shown.length === 0 && html`<${Empty} title=${old ? "None is valid" : "None yet"} />`}
    ${
      shown.length > 0 &&
      html`<table>
        <thead>
          <tr>
            ${columns.map(([head]) => (head ? html`<th>${head}</th>` : html`<td></td>`))}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (one) =>
              html`<tr key=${one.id}>
                ${columns.map(([head, cell]) => html`<td data-head=${head}>${cell(one)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>`
    }
    ${
      old > 0 &&
      html`<label class="check">
        <input type="checkbox" checked=${hasOld} onChange=${() => setOld(!hasOld)} />
        Show revoked and expired ones (${old})
      </label>`
    }
  </section>`;
}
