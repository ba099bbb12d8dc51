// @ts-check
// A stack with its processes.

import { html } from "../html.js";
import { hrefOf } from "../route.js";
import { useStore } from "../store.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Chip, Pending } from "../ui/states.js";
import { ActionLine } from "./action_line.js";
import { tracked } from "./actions.js";
import { asked, stackItems } from "./commands.js";
import { stateOfStack, toneOf, totalsOf } from "./model.js";
import { useParts } from "./parts.js";
import { unlessRefused, useRefusal } from "./permission.js";
import { ProcessRow } from "./process_row.js";

/** @param {{stack: import("./model.js").Stack, isAlone: boolean}} props */
export function StackSection({ stack, isAlone }) {
  const { uid, name } = stack;
  const parts = useParts(stack);
  const actions = useStore(tracked).filter((one) => one.uid === uid);
  const { processes, servers } = parts.data ?? { processes: [], servers: [] };
  const known = new Set(processes.map((one) => one.name));
  return html`<section class="stack" aria-labelledby=${`stack-${uid}`}>
    <${StackHeader}
      stack=${stack}
      processes=${parts.data?.processes}
      servers=${servers}
      isAlone=${isAlone}
    />
    <${Pending} of=${parts} rows=${2} />
    ${actions
      .filter(({ summary }) => summary.process === null || !known.has(summary.process))
      .map((action) => html`<${ActionLine} key=${action.key} action=${action} />`)}
    <ul class="stack-processes" aria-label=${`Processes of ${name}`}>
      ${processes.map(
        (process) =>
          html`<${ProcessRow}
            key=${process.name}
            stack=${stack}
            process=${process}
            servers=${servers}
            actions=${actions.filter(({ summary }) => summary.process === process.name)}
          />`,
      )}
    </ul>
  </section>`;
}

/**
 * @param {object} props
 * @param {import("./model.js").Stack} props.stack
 * @param {import("./model.js").Process[]} [props.processes]
 * @param {import("./model.js").Server[]} props.servers
 * @param {boolean} props.isAlone
 */
function StackHeader({ stack, processes, servers, isAlone }) {
  const refusal = useRefusal();
  const { uid, name, environment } = stack;
  const state = processes && stateOfStack(processes);
  const totals = processes && totalsOf(processes);
  return html`<header class="stack-head">
    <h2 id=${`stack-${uid}`}>
      ${
        isAlone
          ? html`<span dir="auto" title=${name}>${name}</span>`
          : html`<a href=${hrefOf("stacks", [uid])} dir="auto" title=${name}>${name}</a>`
      }
    </h2>
    ${environment && html`<span class="badge environment" dir="auto" title=${environment}>${environment}</span>`}
    ${state && html`<${Chip} tone=${toneOf(state)}>${state}<//>`}
    ${totals && html`<span class="muted counts">${totals.running} / ${totals.wanted} running</span>`}
    <span class="spacer"></span>
    <button
      class="small quiet"
      aria-label=${`Edit ${name}`}
      ...${unlessRefused(refusal, "Edit", () => asked.set({ kind: "edit", stack }))}
    >
      <${Icon} name="edit" />
    </button>
    <${Menu}
      label=${`Commands for the stack ${name}`}
      items=${stackItems(refusal, stack, processes ?? [], servers)}
    />
  </header>`;
}
