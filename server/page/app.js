// @ts-check
// The frame of the page: who is signed in, the views, the state of the connection.

import { useEffect, useState } from "preact/hooks";
import { ActivityView } from "./activity/activity_view.js";
import { useNow } from "./clock.js";
import { connection, retryNow } from "./connection.js";
import { ApiError } from "./errors.js";
import { formatDuration } from "./format.js";
import { Help } from "./help.js";
import { html } from "./html.js";
import { useShortcuts } from "./keys.js";
import { ProcessesView } from "./processes/processes_view.js";
import { go, hrefOf, route, VIEWS } from "./route.js";
import { signOut, startSession } from "./session.js";
import { useSession } from "./session_hooks.js";
import { settings } from "./settings.js";
import { SignIn } from "./sign_in.js";
import { StacksView } from "./stacks/stacks_view.js";
import { useStore } from "./store.js";
import { TokensView } from "./tokens/tokens_view.js";
import { announce, Announcements } from "./ui/announce.js";
import { Questions } from "./ui/dialog.js";
import { Icon } from "./ui/icon.js";
import { Menu } from "./ui/menu.js";
import { ErrorNotice } from "./ui/states.js";

/** @type {Record<string, {title: string, component: any}>} */
const VIEW_PARTS = {
  processes: { title: "Processes", component: ProcessesView },
  stacks: { title: "Stacks", component: StacksView },
  activity: { title: "Activity", component: ActivityView },
  tokens: { title: "Tokens", component: TokensView },
};

export function App() {
  const { state, session, reason } = useSession();
  const [failure, setFailure] = useState(/** @type {ApiError|null} */ (null));
  const start = () =>
    startSession().then(
      () => setFailure(null),
      (error) => {
        if (!(error instanceof ApiError)) throw error;
        setFailure(error);
      },
    );
  useEffect(() => {
    start();
    // An address with a code, opened in a tab that shows the page already.
    const onHash = () => {
      if (location.hash.startsWith("#code=")) start();
    };
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);

  if (failure) {
    return html`<div class="cover"><${ErrorNotice} error=${failure} onRetry=${start} /></div>`;
  }
  if (state === "unknown") return null;
  // After a session has ended the view stays, below the dialog that asks to sign in.
  return html`
    ${session ? html`<${Frame} />` : html`<div class="cover"></div>`}
    ${state === "out" && html`<${SignIn} reason=${reason} />`}
    <${Questions} />
    <${Announcements} />
  `;
}

function Frame() {
  const { view } = useStore(route);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const { title, component: View } = VIEW_PARTS[view];
  useEffect(() => {
    document.title = `${title} – Tallyman`;
  }, [title]);
  useShortcuts([
    ...VIEWS.map((name) => ({
      keys: `g ${name[0]}`,
      label: `Go to ${VIEW_PARTS[name].title}`,
      group: "Everywhere",
      run: () => go(hrefOf(name)),
    })),
    {
      keys: "?",
      label: "Show or hide this help",
      group: "Everywhere",
      run: () => setHelpOpen((open) => !open),
    },
  ]);
  return html`
    <a class="skip" href="#main" onClick=${skipToMain}>Skip to the content</a>
    <header class="bar">
      <a class="brand" href=${hrefOf("processes")}><${Icon} name="mark" />Tallyman</a>
      <nav aria-label="Views">
        ${VIEWS.map(
          (name) =>
            html`<a href=${hrefOf(name)} aria-current=${name === view ? "page" : undefined}
              >${VIEW_PARTS[name].title}</a
            >`,
        )}
      </nav>
      <span class="spacer"></span>
      <button
        class="quiet"
        aria-label="Help and shortcuts"
        title="Help and shortcuts (?)"
        onClick=${() => setHelpOpen(true)}
      >
        <${Icon} name="help" />
      </button>
      <${ThemeButton} />
      <${Account} />
    </header>
    <${ConnectionNotice} />
    <main id="main" tabindex="-1"><${View} /></main>
    ${isHelpOpen && html`<${Help} onClose=${() => setHelpOpen(false)} />`}
  `;
}

/** @param {Event} event */
function skipToMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

const THEMES = /** @type {const} */ (["system", "light", "dark"]);

function ThemeButton() {
  const { theme } = useStore(settings);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  const label = `Colours: ${theme}. Change to ${next}`;
  return html`<button
    class="quiet"
    aria-label=${label}
    title=${label}
    onClick=${() => settings.update({ theme: next })}
  >
    <${Icon} name="sun" />
  </button>`;
}

function Account() {
  const { session } = useSession();
  if (!session) return null;
  const { token } = session;
  const isReadOnly = !token.scopes.includes("admin");
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      announce(`Signing out failed: ${/** @type {Error} */ (error).message}`, "bad");
    }
  };
  return html`<${Menu}
    label=${`Signed in as ${token.name}${isReadOnly ? ", read only" : ""}`}
    className="quiet account"
    items=${[
      { label: "Sessions and tokens", run: () => go(hrefOf("tokens")) },
      { label: "Sign out", run: leave },
    ]}
  >
    <${Icon} name="user" /><span class="wide-only" dir="auto">${token.name}</span>
    ${isReadOnly && html` <span class="badge" title="The token has the scope public: it cannot change anything">read only</span>`}
  <//>`;
}

function ConnectionNotice() {
  const { state, since, retryAt } = useStore(connection);
  const now = useNow(state === "lost");
  if (state === "ok") return null;
  const wait = Math.ceil((retryAt - now) / 1000);
  return html`<div class="disconnected" role="status">
    <${Icon} name="warn" />
    <span
      >Disconnected for ${formatDuration((now - since) / 1000)}. The data below is as old as
      that.</span
    >
    <span class="muted">${wait > 0 ? `Trying again in ${wait} s.` : "Trying again …"}</span>
    <button class="small" onClick=${retryNow}>Try now</button>
  </div>`;
}
