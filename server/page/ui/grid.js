// @ts-check
// A table of many rows of one height. Only the rows in view are in the document, and the row
// that has the focus. The focus stays with a row while it moves.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

// Rows above and below those in view, so that quick scrolling shows no gaps.
const OVERSCAN = 8;
// The window of rows moves in steps of this many, so that not each scrolled pixel renders.
const STEP = 4;

/**
 * @typedef {object} GridColumn
 * @property {string} id
 * @property {string} title
 * @property {string} [label]  What the title stands for.
 * @property {string} width  A track of CSS grid: "80px", "minmax(240px, 1fr)".
 * @property {boolean} [isNumber]  Aligned to the right.
 *
 * @typedef {object} GridHandle
 * @property {(step: number) => void} move  Moves the focus by so many rows, into the grid if it is outside.
 * @property {() => any} active  The row with the focus; undefined: the focus is elsewhere.
 * @property {(key: string) => void} focus  Focuses a row, or the row in its place.
 *
 * @typedef {object} RowTree  The place of a row in a tree.
 * @property {number} level  From 1.
 * @property {boolean} [isOpen]  Undefined: it has no children.
 */

/**
 * @param {object} props
 * @param {string} props.label
 * @param {GridColumn[]} props.columns  Empty: without headers, as cards are.
 * @param {{id: string, descending: boolean}} [props.sort]
 * @param {(id: string) => void} [props.onSort]  Absent: the order is fixed.
 * @param {any[]} props.rows
 * @param {(row: any) => string} props.keyOf
 * @param {(row: any) => any} props.cells  Elements with role="gridcell".
 * @param {number} props.rowHeight  Pixels.
 * @param {(row: any) => string} [props.classOf]
 * @param {(row: any) => RowTree} [props.treeOf]  Absent: a list.
 * @param {(row: any) => void} [props.onToggle]  Opens or closes a row of the tree.
 * @param {string} [props.selectedKey]
 * @param {(row: any) => void} props.onOpen
 * @param {{current: GridHandle|null}} [props.handle]
 */
export function Grid(props) {
  const { label, columns, sort, onSort, rows, keyOf, cells, rowHeight, treeOf, selectedKey } =
    props;
  const root = useRef(/** @type {HTMLElement|null} */ (null));
  const body = useRef(/** @type {HTMLElement|null} */ (null));
  const [first, setFirst] = useState(0);
  const [height, setHeight] = useState(600);
  const [, setRevision] = useState(0);
  // The row that Tab reaches. Key "": none was chosen yet.
  const active = useRef({ key: "", index: 0 });
  const mustFocus = useRef(false);
  const latest = useRef(props);
  latest.current = props;

  const onScroll = useCallback(() => {
    const { scrollTop } = /** @type {HTMLElement} */ (root.current);
    const row = Math.floor(scrollTop / latest.current.rowHeight);
    setFirst(row - (row % STEP));
  }, []);
  useEffect(() => {
    const observer = new ResizeObserver(() => setHeight(root.current?.clientHeight ?? 600));
    observer.observe(/** @type {HTMLElement} */ (root.current));
    return () => observer.disconnect();
  }, []);
  useEffect(onScroll, [rowHeight]);

  let index = -1;
  if (active.current.key) {
    index = rows.findIndex((row) => keyOf(row) === active.current.key);
    if (index < 0) index = Math.min(active.current.index, rows.length - 1);
    active.current = { key: index < 0 ? "" : keyOf(rows[index]), index: Math.max(index, 0) };
  }
  // A list that became shorter leaves the last rows in view.
  const inView = Math.ceil(height / rowHeight);
  const top = Math.max(0, Math.min(first, rows.length - inView));
  const begin = Math.max(0, top - OVERSCAN);
  const end = Math.min(rows.length, top + inView + STEP + OVERSCAN);
  const tabStop = index < 0 ? Math.min(top, rows.length - 1) : index;

  const shown = [];
  for (let i = begin; i < end; ++i) shown.push(i);
  if (index >= 0 && index < begin) shown.unshift(index);
  if (index >= end) shown.push(index);

  // Moving a row in the document takes the focus from it.
  const focused = document.activeElement;
  if (focused?.getAttribute("role") === "row" && body.current?.contains(focused)) {
    mustFocus.current = true;
  }
  useLayoutEffect(() => {
    if (!mustFocus.current) return;
    mustFocus.current = false;
    const row = /** @type {HTMLElement|null|undefined} */ (
      body.current?.querySelector('[role="row"][tabindex="0"]')
    );
    if (row && row !== document.activeElement) row.focus({ preventScroll: true });
  });

  /** @param {number} to */
  const focusIndex = (to) => {
    const { rows: all, rowHeight: size } = latest.current;
    const view = root.current;
    if (!view || all.length === 0) return;
    const at = Math.max(0, Math.min(to, all.length - 1));
    active.current = { key: latest.current.keyOf(all[at]), index: at };
    const rowsHeight = view.clientHeight - /** @type {HTMLElement} */ (body.current).offsetTop;
    if (at * size < view.scrollTop) view.scrollTop = at * size;
    else if ((at + 1) * size > view.scrollTop + rowsHeight) {
      view.scrollTop = (at + 1) * size - rowsHeight;
    }
    onScroll();
    mustFocus.current = true;
    setRevision((n) => n + 1);
  };
  const hasFocus = () => !!body.current?.contains(document.activeElement);
  if (props.handle) {
    props.handle.current = {
      move: (step) => focusIndex(hasFocus() ? active.current.index + step : tabStop),
      active: () => (hasFocus() ? latest.current.rows[active.current.index] : undefined),
      focus: (key) => {
        const at = latest.current.rows.findIndex((row) => keyOf(row) === key);
        focusIndex(at < 0 ? tabStop : at);
      },
    };
  }

  /** @param {Event} event @returns {number} -1: not of a row. */
  const indexOf = (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest?.('[role="row"][data-i]');
    return row ? Number(/** @type {HTMLElement} */ (row).dataset.i) : -1;
  };
  /** @param {Event} event */
  const onFocusIn = (event) => {
    const at = indexOf(event);
    if (at < 0 || at >= rows.length || keyOf(rows[at]) === active.current.key) return;
    active.current = { key: keyOf(rows[at]), index: at };
    setRevision((n) => n + 1);
  };
  /** @param {MouseEvent} event */
  const onClick = (event) => {
    const at = indexOf(event);
    const selection = getSelection();
    const selects =
      selection && !selection.isCollapsed && body.current?.contains(selection.anchorNode);
    if (at >= 0 && at < rows.length && !selects) props.onOpen(rows[at]);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const at = active.current.index;
    if (event.ctrlKey || event.metaKey || event.altKey || !rows[at] || indexOf(event) < 0) return;
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    });
    if (event.key in steps) focusIndex(steps[event.key]);
    else if (event.key === "Enter" && event.target instanceof HTMLDivElement) {
      props.onOpen(rows[at]);
    } else if (treeOf && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const { level, isOpen } = treeOf(rows[at]);
      if (isOpen === (event.key === "ArrowLeft")) props.onToggle?.(rows[at]);
      else if (event.key === "ArrowRight") focusIndex(isOpen ? at + 1 : at);
      else {
        let parent = at;
        while (parent > 0 && treeOf(rows[parent]).level >= level) --parent;
        focusIndex(parent);
      }
    } else return;
    event.preventDefault();
  };

  // Rows are as wide as the window or as the columns need, whatever they contain.
  const least = columns.reduce((sum, { width }) => sum + Number(/\d+/.exec(width)?.[0] ?? 0), 0);
  return html`<div
    class="grid"
    ref=${root}
    role=${treeOf ? "treegrid" : "grid"}
    aria-label=${label}
    aria-rowcount=${rows.length + (columns.length > 0 ? 1 : 0)}
    onScroll=${onScroll}
    style=${{
      "--columns": columns.map(({ width }) => width).join(" ") || "none",
      "--least-width": `${least}px`,
    }}
  >
    ${
      columns.length > 0 &&
      html`<div role="rowgroup" class="grid-head">
        <div role="row" aria-rowindex="1" class="grid-row">
          ${columns.map(
            (column) =>
              html`<${Header} key=${column.id} column=${column} sort=${sort} onSort=${onSort} />`,
          )}
        </div>
      </div>`
    }
    <div
      role="rowgroup"
      class="grid-body"
      ref=${body}
      style=${{ height: `${rows.length * rowHeight}px` }}
      onFocusIn=${onFocusIn}
      onClick=${onClick}
      onKeyDown=${onKeyDown}
    >
      ${shown.map((i) => {
        const row = rows[i];
        const key = keyOf(row);
        const tree = treeOf?.(row);
        return html`<div
          role="row"
          key=${key}
          class=${`grid-row ${props.classOf?.(row) ?? ""}`}
          data-i=${i}
          aria-rowindex=${i + (columns.length > 0 ? 2 : 1)}
          aria-selected=${key === selectedKey}
          aria-level=${tree?.level}
          aria-expanded=${tree?.isOpen}
          tabindex=${i === tabStop ? 0 : -1}
          style=${{ top: `${i * rowHeight}px`, height: `${rowHeight}px` }}
        >
          ${cells(row)}
        </div>`;
      })}
    </div>
  </div>`;
}

/** @param {{column: GridColumn, sort?: {id: string, descending: boolean}, onSort?: (id: string) => void}} props */
function Header({ column: { id, title, label, isNumber }, sort, onSort }) {
  const isSorted = sort?.id === id;
  const order = isSorted ? (sort.descending ? "descending" : "ascending") : "none";
  return html`<div
    role="columnheader"
    class=${isNumber ? "number" : ""}
    aria-sort=${onSort ? order : undefined}
    title=${label}
  >
    ${
      onSort
        ? html`<button onClick=${() => onSort(id)}>
            ${title}<span aria-hidden="true">${isSorted && (sort.descending ? "▾" : "▴")}</span>
          </button>`
        : title
    }
  </div>`;
}
