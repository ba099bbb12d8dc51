// @ts-check
// The shortcuts of the view, as htop has them where it has them.

import { useShortcuts } from "../keys.js";

/**
 * @param {object} parts
 * @param {{current: import("../ui/grid.js").GridHandle|null}} parts.grid
 * @param {{current: HTMLInputElement|null}} parts.field
 * @param {import("./columns.js").Column[]} parts.columns
 * @param {import("./columns.js").Column} parts.sorted
 * @param {() => void} parts.toggleTree
 * @param {() => void} parts.togglePause
 * @param {() => void} parts.toggleHold
 * @param {() => void} parts.closeAll
 * @param {(id: string) => void} parts.sortBy
 * @param {(() => void)|null} parts.close  Null: no details are open.
 */
export function useProcessKeys(parts) {
  const { grid, field, columns, sorted, sortBy, close } = parts;
  const group = "Processes";
  /** @param {number} step */
  const move = (step) => () => grid.current?.move(step);
  /** The arrows go into the list from outside; inside, the grid takes them. @param {KeyboardEvent} event */
  const enter = (event) => (event.target === document.body ? move(0)() : false);
  /** @param {number} step */
  const sortBeside = (step) => () => {
    const ids = columns.map(({ id }) => id).filter((id) => !id.endsWith("_sum"));
    const at = ids.indexOf(sorted.id) + step;
    if (ids[at]) sortBy(ids[at]);
  };
  /** @param {string} keys @param {string} label @param {(event: KeyboardEvent) => boolean|void} run */
  const key = (keys, label, run) => ({ keys, label, group, run });
  useShortcuts([
    key("/", "Search", () => {
      field.current?.focus();
      field.current?.select();
    }),
    key("j", "Next process", move(1)),
    key("ArrowDown", "Next process", enter),
    key("k", "Previous process", move(-1)),
    key("ArrowUp", "Previous process", enter),
    key("Enter", "Details of the process", () => false),
    key("Escape", "Close the details, leave the search", (event) => {
      if (event.target === field.current) {
        if (field.current?.value) return false; // The field empties itself.
        grid.current?.move(0);
        return undefined;
      }
      return close ? close() : false;
    }),
    key("t", "Tree or list", parts.toggleTree),
    key("*", "Close or open the whole tree", parts.closeAll),
    key("p", "Pause or go on", parts.togglePause),
    key("h", "Hold the order of rows", parts.toggleHold),
    key("P", "Sort by CPU", () => sortBy("cpu")),
    key("M", "Sort by memory", () => sortBy("memory")),
    key("T", "Sort by CPU time", () => sortBy("time")),
    key("N", "Sort by PID", () => sortBy("pid")),
    key("I", "Turn the order around", () => sortBy(sorted.id)),
    key("<", "Sort by the column to the left", sortBeside(-1)),
    key(">", "Sort by the column to the right", sortBeside(1)),
  ]);
}
