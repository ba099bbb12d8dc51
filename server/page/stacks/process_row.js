// @ts-check
// A process in the list of its stack.

import { html } from "../html.js";
import { hrefOf } from "../route.js";
import { Menu } from "../ui/menu.js";
import { Chip } from "../ui/states.js";
import { ActionLine } from "./action_line.js";
import { processItems } from "./commands.js";
import { useProcessKeys } from "./list_keys.js";
import { rowsOf, toneOf } from "./model.js";
import { useRefusal } from "./permission.js";
import { ServerCounts } from "./stepper.js";

/**
 * @typedef {object} ProcessProps
 * @property {import("./model.js").Stack} stack
 * @property {import("./model.js").Process} process
 * @property {import("./model.js").Server[]} servers
 * @property {import("./progress.js").Tracked[]} actions  Of this process.
 */

/** @param {ProcessProps} props */
export function ProcessRow({ stack, process, servers, actions }) {
  const refusal = useRefusal();
  const { name, command } = process;
  useProcessKeys({ uid: stack.uid, process, servers });
  return html`<li class="process" data-uid=${stack.uid} data-process=${name}>
    <div class="name">
      <a class="process-link" href=${hrefOf("stacks", [stack.uid, name])} dir="auto">${name}</a>
      <code dir="auto" title=${command}>${command}</code>
      <${Trouble} process=${process} />
    </div>
    <${StateChip} process=${process} />
    <${AllCounts} stack=${stack} process=${process} servers=${servers} />
    <${Menu}
      label=${`Commands for ${name}`}
      items=${processItems(refusal, stack, process, servers)}
    />
    <${ActionLines} process=${process} actions=${actions} servers=${servers} />
  </li>`;
}

/** @param {{process: import("./model.js").Process}} props */
export function StateChip({ process: { state } }) {
  return html`<span class="state"><${Chip} tone=${toneOf(state)}>${state}<//></span>`;
}

/** The latest end, while it matters. @param {{process: import("./model.js").Process}} props */
export function Trouble({ process: { state, last_exit: exit, last_output: output } }) {
  if (!exit || !["crash-looping", "degraded", "starting"].includes(state)) return null;
  return html`<span class="trouble">
    <b>${exit}</b>
    ${output && html`<code dir="auto" title=${output}>${output}</code>`}
  </span>`;
}

/** @param {Omit<ProcessProps, "actions">} props */
export function AllCounts({ stack, process, servers }) {
  const rows = rowsOf(process, servers);
  return html`<div class="servers">
    ${rows.map(
      (server) =>
        html`<${ServerCounts}
          key=${server.name}
          uid=${stack.uid}
          process=${process.name}
          server=${server}
          isNamed=${rows.length > 1}
        />`,
    )}
  </div>`;
}

/** @param {Omit<ProcessProps, "stack">} props */
export function ActionLines({ process, actions, servers }) {
  if (actions.length === 0) return null;
  const rows = rowsOf(process, servers);
  return html`<div class="actions">
    ${actions.map((action) => {
      const server = rows.find(({ name }) => action.text.endsWith(` on ${name}`));
      return html`<${ActionLine} key=${action.key} action=${action} running=${server?.running} />`;
    })}
  </div>`;
}
