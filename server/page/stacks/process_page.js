// @ts-check
// One process: its instances, its log, what has happened to it.

import { html } from "../html.js";
import { LogPanel } from "../logs/log_panel.js";
import { hrefOf, route } from "../route.js";
import { useStore } from "../store.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Empty, Pending } from "../ui/states.js";
import { tracked } from "./actions.js";
import { processItems, restart } from "./commands.js";
import { InstanceTable } from "./instance_table.js";
import { useProcessKeys } from "./list_keys.js";
import { useParts } from "./parts.js";
import { unlessRefused, useRefusal } from "./permission.js";
import { ProcessActivity } from "./process_activity.js";
import { ActionLines, AllCounts, StateChip, Trouble } from "./process_row.js";

const TABS = [
  ["instances", "Instances"],
  ["logs", "Logs"],
  ["activity", "Activity"],
];

/** @param {{stack: import("./model.js").Stack, name: string}} props */
export function ProcessPage({ stack, name }) {
  const parts = useParts(stack);
  const process = parts.data?.processes.find((one) => one.name === name);
  return html`
    <${Pending} of=${parts} />
    ${
      parts.data &&
      !process &&
      html`<${Empty} title=${`The stack has no process ${name}`}>
        <p><a href=${hrefOf("stacks", [stack.uid])}>Its processes</a></p>
      <//>`
    }
    ${process && html`<${Present} stack=${stack} process=${process} servers=${parts.data?.servers ?? []} />`}
  `;
}

/**
 * @param {object} props
 * @param {import("./model.js").Stack} props.stack
 * @param {import("./model.js").Process} props.process
 * @param {import("./model.js").Server[]} props.servers
 */
function Present({ stack, process, servers }) {
  const refusal = useRefusal();
  const { query } = useStore(route);
  const { uid } = stack;
  const { name, command } = process;
  const tab = TABS.some(([id]) => id === query.tab) ? query.tab : "instances";
  const instance = Number(query.instance) || undefined;
  const actions = useStore(tracked).filter(
    (one) => one.uid === uid && (one.summary.process ?? name) === name,
  );
  useProcessKeys({ uid, process, servers });
  return html`<section class="process-page" data-uid=${uid} data-process=${name}>
    <div class="process-head">
      <${StateChip} process=${process} />
      <${AllCounts} stack=${stack} process=${process} servers=${servers} />
      <span class="spacer"></span>
      <button
        ...${unlessRefused(
          refusal || (process.instances.length ? "" : "There is no instance"),
          "Restart all instances (r)",
          () => restart(uid, process),
        )}
      >
        <${Icon} name="restart" />Restart
      </button>
      <${Menu}
        label=${`Commands for ${name}`}
        items=${processItems(refusal, stack, process, servers)}
      />
    </div>
    <pre class="process-command" dir="auto" tabindex="0" aria-label="Command">${command}</pre>
    <${Trouble} process=${process} />
    <${ActionLines} process=${process} actions=${actions} servers=${servers} />
    <nav class="tabs" aria-label="Parts of the process">
      ${TABS.map(
        ([id, label]) =>
          html`<a
            href=${hrefOf("stacks", [uid, name], { tab: id === "instances" ? undefined : id })}
            aria-current=${id === tab ? "page" : undefined}
            >${label}${id === "instances" && html` <span class="muted">${process.instances.length}</span>`}</a
          >`,
      )}
    </nav>
    ${tab === "instances" && html`<${InstanceTable} stack=${stack} process=${process} servers=${servers} />`}
    ${tab === "logs" && html`<${LogPanel} stackUid=${uid} process=${name} instance=${instance} />`}
    ${tab === "activity" && html`<${ProcessActivity} key=${query.instance} uid=${uid} process=${name} instance=${instance} />`}
  </section>`;
}
