// @ts-check
// The commands of stacks, processes and instances, as entries of menus.

import { plural } from "../format.js";
import { go, hrefOf } from "../route.js";
import { createStore } from "../store.js";
import { confirm } from "../ui/dialog.js";
import { command } from "./actions.js";
import { sum } from "./model.js";

/**
 * @typedef {import("./model.js").Process} Process
 * @typedef {import("../ui/menu.js").MenuItem} MenuItem
 *
 * @typedef {object} Asked  A dialog of the view.
 * @property {"signal"|"curl"|"edit"|"delete"|"create"} kind
 * @property {import("./model.js").Stack} [stack]
 * @property {Process} [process]
 * @property {import("./model.js").Instance} [instance]
 * @property {import("./model.js").Server[]} [servers]
 */

/** The open dialog. */
export const asked = createStore(/** @type {Asked|null} */ (null));

/** @param {string} uid @param {Process} process */
export async function restart(uid, process) {
  const { name, servers } = process;
  const agrees = await confirm({
    title: `Restart all of ${name}?`,
    text: `${plural(sum(servers), "running instance")} will stop and start again.`,
    verb: `Restart ${name}`,
  });
  if (agrees) command(uid, { command: "process_restart", process_name: name });
}

/** @param {import("./model.js").Stack} stack @param {Process[]} processes */
async function restartStack({ uid, name }, processes) {
  const running = processes.reduce((total, { servers }) => total + sum(servers), 0);
  const agrees = await confirm({
    title: `Restart all processes of ${name}?`,
    text: `${plural(running, "running instance")} will stop and start again.`,
    verb: "Restart all",
  });
  if (agrees) command(uid, { command: "restart" });
}

/**
 * @param {string} refusal
 * @param {import("./model.js").Stack} stack
 * @param {Process[]} processes
 * @param {import("./model.js").Server[]} servers
 * @returns {MenuItem[]}
 */
export function stackItems(refusal, stack, processes, servers) {
  const none = processes.length === 0 ? "There is no process" : "";
  const disabled = refusal || undefined;
  return [
    {
      label: "Restart all …",
      run: () => restartStack(stack, processes),
      disabled: refusal || none || undefined,
    },
    { label: "Edit …", run: () => asked.set({ kind: "edit", stack }), disabled },
    { label: "Copy as curl …", run: () => asked.set({ kind: "curl", stack, servers }) },
    {
      label: "Delete …",
      run: () => asked.set({ kind: "delete", stack }),
      disabled,
      danger: true,
    },
  ];
}

/**
 * @param {string} refusal
 * @param {import("./model.js").Stack} stack
 * @param {Process} process
 * @param {import("./model.js").Server[]} servers
 * @returns {MenuItem[]}
 */
export function processItems(refusal, stack, process, servers) {
  const { uid } = stack;
  const { name } = process;
  const running = sum(process.servers);
  const paused = sum(process.servers_pauses);
  const none = running === 0 ? "No instance runs" : "";
  /** @param {string} verb */
  const send = (verb) => () => command(uid, { command: `process_${verb}`, process_name: name });
  return [
    { label: "Logs", run: () => go(hrefOf("stacks", [uid, name], { tab: "logs" })) },
    {
      label: "Restart …",
      run: () => restart(uid, process),
      disabled: refusal || (process.instances.length === 0 ? "There is no instance" : undefined),
    },
    {
      label: "Pause",
      run: send("pause"),
      disabled:
        refusal || none || (paused === running ? "All instances are paused" : "") || undefined,
    },
    {
      label: "Resume",
      run: send("resume"),
      disabled: refusal || (paused === 0 ? "No instance is paused" : undefined),
    },
    {
      label: "Signal …",
      run: () => asked.set({ kind: "signal", stack, process, servers }),
      disabled: refusal || none || undefined,
    },
    {
      label: "Copy as curl …",
      run: () => asked.set({ kind: "curl", stack, process, servers }),
    },
  ];
}

/**
 * @param {string} refusal
 * @param {import("./model.js").Stack} stack
 * @param {Process} process
 * @param {import("./model.js").Instance} instance
 * @param {import("./model.js").Server[]} servers
 * @returns {MenuItem[]}
 */
export function instanceItems(refusal, stack, process, instance, servers) {
  const { uid } = stack;
  const { instance: number, state } = instance;
  const body = {
    process_name: process.name,
    instance: number,
    server_uid: servers.find(({ name }) => name === instance.server)?.uid,
  };
  /** @param {string} verb */
  const send = (verb) => () => command(uid, { command: `process_${verb}`, ...body });
  const runs = state === "running" || state === "paused" ? "" : "It does not run now";
  /** @param {string} tab */
  const open = (tab) => () =>
    go(hrefOf("stacks", [uid, process.name], { tab, instance: String(number) }));
  return [
    { label: "Logs", run: open("logs") },
    { label: "How it ended", run: open("activity") },
    { label: "Restart", run: send("restart"), disabled: refusal || undefined },
    state === "paused"
      ? { label: "Resume", run: send("resume"), disabled: refusal || undefined }
      : { label: "Pause", run: send("pause"), disabled: refusal || runs || undefined },
    {
      label: "Signal …",
      run: () => asked.set({ kind: "signal", stack, process, instance, servers }),
      disabled: refusal || runs || undefined,
    },
  ];
}
