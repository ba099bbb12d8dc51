// @ts-check
// The shortcuts of the view, as htop has them where it has them.

import { useShortcuts } from "../keys.js";

/**
 * @param {object} parts
 * @param {{current: import("../ui/grid.js").GridHandle|null}} parts.grid
 * @param {{current: HTMLInputElement|null}} parts.field
 * @param {import("./columns.js").Column[]} parts.columns
 * @param {import("./columns.js").Column} parts.sorted
 * @param {import("./toolbar.js").Commands} parts.commands
 * @param {() => void} parts.foldAll
 * @param {(() => void)|null} parts.close  Null: no details are open.
 */
export function useProcessKeys({ grid, field, columns, sorted, commands, foldAll, close }) {
  const { sortBy } = commands;
  /** @param {number} step */
  const move = (step) => grid.current?.move(step);
  /** The arrows go into the list from outside; inside, the grid takes them. @param {KeyboardEvent} event */
  const enter = (event) => (event.target === document.body ? move(0) : false);
  /** @param {number} step */
  const sortBeside = (step) => {
    const ids = columns.map(({ id }) => id).filter((id) => !id.endsWith("_sum"));
    const id = ids[ids.indexOf(sorted.id) + step];
    if (id) sortBy(id);
  };
  /** @param {KeyboardEvent} event */
  const leave = (event) => {
    if (event.target !== field.current) return close ? close() : false;
    // A search field empties itself first.
    return field.current?.value ? false : move(0);
  };
  /** @type {[string, string, (event: KeyboardEvent) => boolean|void][]} */
  const shortcuts = [
    ["/", "Search", () => field.current?.select()],
    ["j", "Next process", () => move(1)],
    ["ArrowDown", "Next process", enter],
    ["k", "Previous process", () => move(-1)],
    ["ArrowUp", "Previous process", enter],
    ["Enter", "Details of the process", () => false],
    ["Escape", "Close the details, leave the search", leave],
    ["t", "Tree or list", commands.tree],
    ["*", "Close or open the whole tree", foldAll],
    ["p", "Pause or go on", commands.pause],
    ["h", "Hold the order of rows", commands.hold],
    ["P", "Sort by CPU", () => sortBy("cpu")],
    ["M", "Sort by memory", () => sortBy("memory")],
    ["T", "Sort by CPU time", () => sortBy("time")],
    ["N", "Sort by PID", () => sortBy("pid")],
    ["I", "Turn the order around", () => sortBy(sorted.id)],
    ["<", "Sort by the column to the left", () => sortBeside(-1)],
    [">", "Sort by the column to the right", () => sortBeside(1)],
  ];
  useShortcuts(shortcuts.map(([keys, label, run]) => ({ keys, label, run, group: "Processes" })));
}
