// @ts-check
// The keys of the process that has the focus.

import { useEffect } from "preact/hooks";
import { useShortcuts } from "../keys.js";
import { go, hrefOf } from "../route.js";
import { useIsAdmin } from "../session_hooks.js";
import { restart } from "./commands.js";
import { rowsOf } from "./model.js";
import { cancel, stepBy } from "./steps.js";

/**
 * @typedef {object} Shown  A process on the screen.
 * @property {string} uid
 * @property {import("./model.js").Process} process
 * @property {import("./model.js").Server[]} servers
 */

/** The processes on the screen, by "UID NAME". @type {Map<string, Shown>} */
const shown = new Map();

/** Gives the keys a process while its row is shown. @param {Shown} one */
export function useProcessKeys({ uid, process, servers }) {
  const key = `${uid} ${process.name}`;
  useEffect(() => {
    shown.set(key, { uid, process, servers });
    return () => {
      shown.delete(key);
    };
  }, [key, process, servers]);
}

/** The process that has the focus, or that is the only one. */
function focused() {
  const active = document.activeElement;
  const row =
    active?.closest("[data-process]") ?? document.querySelector(".process-page[data-process]");
  if (!(row instanceof HTMLElement)) return null;
  const one = shown.get(`${row.dataset.uid} ${row.dataset.process}`);
  if (!one) return null;
  const server = /** @type {HTMLElement|null|undefined} */ (active?.closest("[data-server]"));
  const rows = rowsOf(one.process, one.servers);
  const name = server?.dataset.server;
  return { ...one, server: rows.find((row) => row.name === name) ?? rows[0] };
}

/** @param {number} delta */
function move(delta) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".process-link")]);
  const active = document.activeElement?.closest("[data-process]");
  const at = links.findIndex((link) => active?.contains(link));
  const next = at < 0 ? (delta > 0 ? 0 : links.length - 1) : at + delta;
  if (!links[next]) return false;
  links[next].focus();
  return true;
}

export function useListKeys() {
  const isAdmin = useIsAdmin();
  /**
   * @param {string} keys
   * @param {string} label
   * @param {(one: NonNullable<ReturnType<typeof focused>>) => boolean|void} run
   */
  const forFocused = (keys, label, run) => ({
    keys,
    label,
    group: "Stacks",
    run: () => {
      const one = focused();
      return one ? run(one) : false;
    },
  });
  /** @param {number} delta @param {NonNullable<ReturnType<typeof focused>>} one */
  const step = (delta, { uid, process, server }) => {
    if (!isAdmin || !server) return false;
    const target = { uid, process: process.name, server };
    stepBy(target, delta);
    return true;
  };
  useShortcuts([
    { keys: "j", label: "Next process", group: "Stacks", run: () => move(1) },
    { keys: "k", label: "Previous process", group: "Stacks", run: () => move(-1) },
    forFocused("+", "One more instance of the process", (one) => step(1, one)),
    forFocused("-", "One less", (one) => step(-1, one)),
    forFocused("l", "Its log", ({ uid, process }) =>
      go(hrefOf("stacks", [uid, process.name], { tab: "logs" })),
    ),
    forFocused("r", "Restart it", ({ uid, process }) => {
      if (!isAdmin) return false;
      restart(uid, process);
      return true;
    }),
    forFocused("Escape", "Take back a number that is not sent yet", ({ uid, process, server }) =>
      server ? cancel({ uid, process: process.name, server }) : false,
    ),
  ]);
}
