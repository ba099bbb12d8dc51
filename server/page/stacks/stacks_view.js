// @ts-check
// The stacks and their processes: #/stacks, #/stacks/UID, #/stacks/UID/PROCESS.

import { useEffect, useState } from "preact/hooks";
import { ask, askAll } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { go, hrefOf, route } from "../route.js";
import { useStore } from "../store.js";
import { useStream } from "../stream.js";
import { Icon } from "../ui/icon.js";
import { Countdown, Empty, Pending } from "../ui/states.js";
import { settleOpen, trackOpen } from "./actions.js";
import { asked } from "./commands.js";
import { StackDialogs } from "./dialogs.js";
import { emit, useReloads } from "../feed.js";
import { useListKeys } from "./list_keys.js";
import { stackPath } from "./model.js";
import { unlessRefused, useRefusal } from "./permission.js";
import { ProcessPage } from "./process_page.js";
import { StackForm } from "./stack_form.js";
import { StackSection } from "./stack_section.js";

const LIST_EVENTS = ["stack_created", "stack_replaced", "stack_deleted", "gap", "reload"];

export function StacksView() {
  const { path } = useStore(route);
  const [uid, name] = path;
  const gap = useEvents();
  const list = useResource(uid ? `stack ${uid}` : "stacks", async (signal) => {
    if (!uid)
      return /** @type {Promise<import("./model.js").Stack[]>} */ (
        askAll("/api/3/stacks", { signal })
      );
    const { data } = await ask(stackPath(uid), { signal });
    return [/** @type {import("./model.js").Stack} */ (data.response)];
  });
  useReloads(list, ({ type, data }) => LIST_EVENTS.includes(type) && !(type === "reload" && data));
  useListKeys();

  const { error } = list;
  const stacks = error?.status === 404 ? undefined : list.data;
  if (error?.status === 501) return html`<${NoStacks} />`;
  return html`<div class="scroll stacks">
    <${Head} uid=${uid} name=${name} stacks=${stacks} />
    ${gap}
    <${Pending} of=${list} />
    ${error?.status === 404 && html`<p><a href=${hrefOf("stacks")}>All stacks</a></p>`}
    ${stacks?.length === 0 && html`<${FirstStack} />`}
    ${
      uid && name && stacks
        ? html`<${ProcessPage} key=${`${uid} ${name}`} stack=${stacks[0]} name=${name} />`
        : stacks?.map(
            (stack) =>
              html`<${StackSection} key=${stack.uid} stack=${stack} isAlone=${Boolean(uid)} />`,
          )
    }
    <${StackDialogs} />
  </div>`;
}

/** Follows the events; returns a line about those that are missing. */
function useEvents() {
  const [gap, setGap] = useState(
    /** @type {{from: number, to: number, reason: string}|null} */ (null),
  );
  const { state, error, retryAt } = useStream("/events?after=now", (events) => {
    emit(events);
    const missing = events.find(({ type }) => type === "gap");
    if (missing) {
      setGap(missing.data);
      settleOpen();
    }
  });
  useEffect(() => {
    if (state !== "open") return;
    // What changed before the stream was there has no event in it.
    emit([{ type: "reload", data: null }]);
    trackOpen();
    settleOpen();
  }, [state]);
  return html`
    ${
      error &&
      !error.isDisconnected &&
      error.status !== 501 &&
      html`<div class="notice warn" role="status">
        <${Icon} name="warn" />
        <div>
          Changes do not show by themselves: <span dir="auto">${error.message}</span>
          ${retryAt > 0 && html` · <${Countdown} at=${retryAt} />`}
        </div>
      </div>`
    }
    ${
      gap &&
      html`<div class="notice" role="status">
        <${Icon} name="warn" />
        <div>
          The events ${gap.from} to ${gap.to} are missing (${gap.reason}). The page has loaded the
          present state.
        </div>
        <button class="quiet small" aria-label="Close the message" onClick=${() => setGap(null)}>
          <${Icon} name="close" />
        </button>
      </div>`
    }
  `;
}

/**
 * @param {object} props
 * @param {string} [props.uid]
 * @param {string} [props.name]
 * @param {import("./model.js").Stack[]} [props.stacks]
 */
function Head({ uid, name, stacks }) {
  const refusal = useRefusal();
  const stack = uid ? stacks?.[0] : undefined;
  return html`<div class="head">
    ${
      uid
        ? html`<nav class="crumbs" aria-label="Place">
            <a href=${hrefOf("stacks")}>Stacks</a>
            <span aria-hidden="true">/</span>
            ${
              name
                ? html`<a href=${hrefOf("stacks", [uid])} dir="auto">${stack?.name ?? uid}</a>
                    <span aria-hidden="true">/</span>
                    <h1 dir="auto">${name}</h1>`
                : html`<h1 dir="auto">${stack?.name ?? uid}</h1>`
            }
          </nav>`
        : html`<h1>Stacks</h1>`
    }
    <span class="spacer"></span>
    ${
      !uid &&
      stacks &&
      stacks.length > 0 &&
      html`<button
        ...${unlessRefused(refusal, "Create a stack", () => asked.set({ kind: "create" }))}
      >
        <${Icon} name="plus" />New stack
      </button>`
    }
  </div>`;
}

function FirstStack() {
  return html`<section class="first">
    <h2>There is no stack yet</h2>
    <p class="muted">
      A stack is an application: a Procfile names its processes, and the server keeps as many
      instances of each running as you want.
    </p>
    <${StackForm} onDone=${(/** @type {string} */ uid) => go(hrefOf("stacks", [uid]))} />
  </section>`;
}

function NoStacks() {
  return html`<${Empty} title="This server runs no stacks">
    <p>On its system, it shows the processes of the machine only.</p>
    <p><a class="button" href=${hrefOf("processes")}>Show the processes</a></p>
  <//>`;
}
