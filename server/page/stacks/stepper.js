// @ts-check
// The buttons and the field that change how many instances are wanted.

import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { valueTo } from "../ui/fields.js";
import { Icon } from "../ui/icon.js";
import { unlessRefused, useRefusal } from "./permission.js";
import { cancel, keyOf, stepBy, steps, want } from "./steps.js";

/**
 * The counts of a process on one server, and how to change them.
 *
 * @param {object} props
 * @param {string} props.uid
 * @param {string} props.process
 * @param {import("./model.js").ServerRow} props.server
 * @param {boolean} props.isNamed  Shows the name of the server.
 */
export function ServerCounts({ uid, process, server, isNamed }) {
  const { running, paused, wanted } = server;
  const where = isNamed ? ` on ${server.name}` : "";
  const step = useStore(steps)[keyOf({ uid, process, server })];
  const title =
    `${running} of ${wanted} wanted instances run${where}` + (paused ? `, ${paused} paused` : "");
  return html`<div class="server" data-server=${server.name}>
    ${isNamed && html`<span class="server-name" dir="auto" title=${server.name}>${server.name}</span>`}
    <span class="counts" title=${title}>
      <span class=${running === wanted ? "" : "unequal"}>
        <b>${running}</b><span aria-hidden="true"> / </span
        ><span class="sr-only"> running of </span>${wanted}
      </span>
      ${step && html`<span class="target">→ ${step.count}</span>`}
      ${!step && paused > 0 && html`<span class="target muted">${paused} paused</span>`}
    </span>
    <${Stepper} target=${{ uid, process, server }} step=${step} where=${where} />
  </div>`;
}

/**
 * @param {object} props
 * @param {import("./steps.js").Target} props.target
 * @param {import("./steps.js").Step|undefined} props.step
 * @param {string} props.where
 */
function Stepper({ target, step, where }) {
  const refusal = useRefusal();
  const shown = String(step?.count ?? target.server.wanted);
  const [typed, setTyped] = useState(/** @type {string|null} */ (null));
  useEffect(() => setTyped(null), [shown]);
  const what = `instances of ${target.process}${where}`;
  const isBad = typed !== null && !/^\d{1,6}$/.test(typed.trim());

  const commit = () => {
    if (typed === null) return;
    if (!isBad) want(target, Number(typed), 0);
    setTyped(null);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = /** @type {Record<string, number>} */ ({ ArrowUp: 1, ArrowDown: -1 })[event.key];
    if (event.key === "Enter") commit();
    else if (event.key === "Escape") {
      setTyped(null);
      cancel(target);
    } else if (step && !refusal) stepBy(target, step);
    else return;
    event.preventDefault();
  };

  return html`<div class="stepper" role="group" aria-label=${`Wanted ${what}`}>
    <button
      aria-label=${`One less of the ${what}`}
      ...${unlessRefused(refusal || (shown === "0" ? "None is wanted" : ""), "One less (-)", () => stepBy(target, -1))}
    >
      <${Icon} name="minus" />
    </button>
    <input
      inputmode="numeric"
      autocomplete="off"
      aria-label=${`Number of ${what}`}
      aria-invalid=${isBad ? "true" : undefined}
      title=${refusal || "Enter sends it, Escape takes it back"}
      readonly=${refusal !== ""}
      aria-disabled=${refusal ? "true" : undefined}
      value=${typed ?? shown}
      onInput=${valueTo(setTyped)}
      onFocus=${(/** @type {{currentTarget: HTMLInputElement}} */ event) => event.currentTarget.select()}
      onBlur=${commit}
      onKeyDown=${onKeyDown}
    />
    <button
      aria-label=${`One more of the ${what}`}
      ...${unlessRefused(refusal, "One more (+)", () => stepBy(target, 1))}
    >
      <${Icon} name="plus" />
    </button>
    ${step?.phase === "pending" && html`<span class="wait" key=${step.at} aria-hidden="true"></span>`}
  </div>`;
}
