// @ts-check
// The sessions of browsers.

import { ask } from "../api.js";
import { useNow } from "../clock.js";
import { exactTime, formatAgo, formatTime } from "../format.js";
import { html } from "../html.js";
import { sessionRefused } from "../session.js";
import { confirm } from "../ui/dialog.js";
import { ErrorNotice, Skeleton } from "../ui/states.js";
import { attempt } from "./attempt.js";
import { browserOf } from "./words.js";

/** @typedef {import("../session.js").Session} Session */

/**
 * @param {object} props
 * @param {import("../resource.js").Resource<Session[]>} props.sessions
 * @param {boolean} props.isAdmin  They are those of all tokens.
 */
export function Sessions({ sessions, isAdmin }) {
  const { data, error } = sessions;
  const now = useNow();

  /** @param {Session} one */
  const end = async (one) => {
    const isDone = await attempt(
      () => ask(`/sessions/${one.id}`, { method: "DELETE" }),
      "The session has ended.",
    );
    if (isDone && one.current) sessionRefused("You ended this session.");
    else sessions.reload();
  };

  const endAll = async () => {
    const isSure = await confirm({
      title: "Sign out everywhere?",
      text: html`<p>
        All sessions of your token end, this one too. The token itself stays valid.
      </p>`,
      verb: "Sign out everywhere",
    });
    if (!isSure) return;
    const isDone = await attempt(
      () => ask("/sessions", { method: "DELETE" }),
      "All sessions of your token have ended.",
    );
    if (isDone) sessionRefused("You signed out everywhere.");
  };

  return html`<section class="access">
    <header>
      <h2>Sessions</h2>
      <span class="spacer"></span>
      <button onClick=${endAll}>Sign out everywhere</button>
    </header>
    <p class="muted">
      ${isAdmin ? "Browsers that are signed in, with any token." : "Browsers that are signed in with your token."}
      ${" "}A session ends after a day without use.
    </p>
    ${error && html`<${ErrorNotice} error=${error} retryAt=${sessions.retryAt} onRetry=${sessions.reload} />`}
    ${
      data
        ? html`<div class="access-table">
            <table>
              <caption>
                Sessions
              </caption>
              <thead>
                <tr>
                  <th>Browser</th>
                  <th>Address</th>
                  <th>Token</th>
                  <th>Since</th>
                  <th>Last used</th>
                  <th>Ends</th>
                  <th><span class="hidden">Commands</span></th>
                </tr>
              </thead>
              <tbody>
                ${data.map((one) => html`<${Row} key=${one.id} one=${one} now=${now} onEnd=${end} />`)}
              </tbody>
            </table>
          </div>`
        : !error && html`<${Skeleton} rows=${3} />`
    }
  </section>`;
}

/** @param {{one: Session, now: number, onEnd: (one: Session) => void}} props */
function Row({ one, now, onEnd }) {
  const browser = browserOf(one.user_agent);
  const ends = [one.expires_at, one.idle_expires_at].sort()[0];
  return html`<tr>
    <th scope="row" title=${one.user_agent}>
      <span dir="auto">${browser}</span>
      ${one.current && html` <span class="badge">this one</span>`}
    </th>
    <td dir="auto">${one.address}</td>
    <td dir="auto">${one.token.name}</td>
    <td title=${exactTime(one.created_at)}>${formatTime(one.created_at)}</td>
    <td title=${exactTime(one.last_used_at)}>
      ${one.current ? "now" : formatAgo(one.last_used_at, now)}
    </td>
    <td title=${`${exactTime(ends)}, or after a day without use`}>${formatAgo(ends, now)}</td>
    <td class="number">
      <button
        class="small"
        aria-label=${`End the session of ${browser}, ${one.address}`}
        onClick=${() => onEnd(one)}
      >
        ${one.current ? "Sign out" : "End"}
      </button>
    </td>
  </tr>`;
}
