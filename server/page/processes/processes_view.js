// @ts-check
// All processes of the machine: a list or a tree that follows them, and the details of one.

import { useMemo, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { go, hrefOf, route, setQuery } from "../route.js";
import { settings } from "../settings.js";
import { useStore } from "../store.js";
import { Grid } from "../ui/grid.js";
import { useMedia } from "../ui/media.js";
import { Empty, ErrorNotice, Skeleton } from "../ui/states.js";
import { arrange, hold, summarize } from "./arrange.js";
import { cardCells, rowCells } from "./cells.js";
import {
  COLUMNS,
  defaultSort,
  fieldsOf,
  parseSort,
  setStackNames,
  SUM_COLUMNS,
} from "./columns.js";
import { Drawer } from "./drawer.js";
import { useProcesses, useStackNames } from "./live.js";
import { parseSearch } from "./search.js";
import { useProcessKeys } from "./process_keys.js";
import { ColumnsDialog, Toolbar } from "./toolbar.js";

/** @typedef {import("./model.js").ProcessRecord} ProcessRecord */

const ROW_HEIGHT = 28;
const CARD_HEIGHT = 56;

export function ProcessesView() {
  const { path, query } = useStore(route);
  const { columns: chosen, watchSeconds } = useStore(settings);
  const isTree = query.tree === "1";
  const isNarrow = useMedia("(max-width: 639px)");
  const [pausedAt, setPausedAt] = useState(0);
  const [isHeld, setHeld] = useState(false);
  const [choosesColumns, setChoosesColumns] = useState(false);
  const [closed, setClosed] = useState(/** @type {Set<string>} */ (new Set()));
  const grid = useRef(/** @type {import("../ui/grid.js").GridHandle|null} */ (null));
  const field = useRef(/** @type {HTMLInputElement|null} */ (null));

  const columns = useMemo(() => columnsOf(chosen, isTree), [chosen, isTree]);
  const { column: sorted, descending } = parseSort(query.sort);
  const text = query.q ?? "";
  const needsStacks =
    columns.some(({ id }) => id === "stack") || text.includes("stack") || path.length > 0;
  const stackNames = useStackNames(needsStacks);
  setStackNames(stackNames);

  const search = useMemo(() => parseSearch(text, stackNames), [text, stackNames]);
  const fields = fieldsOf(
    [...columns, sorted, ...(isNarrow ? COLUMNS.filter(({ id }) => /user|command/.test(id)) : [])],
    search.fields,
  );
  const live = useProcesses({
    fields,
    seconds: watchSeconds,
    isPaused: pausedAt > 0,
    firstSort: `${descending ? "-" : ""}${sorted.fields[0]}`,
  });
  const { model, revision } = live;

  // Sorting by something else during a hold sorts once, and holds that.
  const heldFor = useRef("");
  const sortId = `${descending ? "-" : ""}${sorted.id}`;
  const arranged = useMemo(() => {
    const rows = arrange(model.records, {
      matches: search.matches,
      order: { id: sorted.id, descending, value: sorted.value },
      isTree,
      isHeld: isHeld && heldFor.current === sortId,
      closed,
    });
    if (isHeld && heldFor.current !== sortId) hold(model.records);
    heldFor.current = isHeld ? sortId : "";
    return { rows, summary: summarize(model.records) };
  }, [revision, search, sortId, isTree, isHeld, closed]);
  const { rows, summary } = arranged;

  /** @param {{pid: number}} process */
  const open = ({ pid }) => go(hrefOf("processes", [String(pid)], query));
  const [opened] = path;
  const selected = opened ? model.byPid.get(Number(opened)) : undefined;
  const lastOpened = useRef("");
  if (selected) lastOpened.current = selected.key;
  const close = () => {
    go(hrefOf("processes", [], query));
    grid.current?.focus(lastOpened.current);
  };
  /** @param {ProcessRecord} record */
  const toggle = ({ key }) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    setClosed(next);
  };
  /** @type {import("./toolbar.js").Commands} */
  const commands = {
    tree: () => setQuery({ tree: isTree ? undefined : "1" }),
    hold: () => setHeld(!isHeld),
    pause: () => setPausedAt(pausedAt ? 0 : Date.now()),
    chooseColumns: () => setChoosesColumns(true),
    sortBy: (clicked) => {
      const id = clicked.replace("_sum", "");
      setQuery({ sort: id === sorted.id ? `${descending ? "" : "-"}${id}` : defaultSort(id) });
    },
  };
  const foldAll = () => {
    const parents = model.records.filter(({ children }) => children.length > 0);
    setClosed(new Set(closed.size > 0 ? [] : parents.map(({ key }) => key)));
  };
  useProcessKeys({ grid, field, columns, sorted, commands, foldAll, close: opened ? close : null });

  const onToggle = isTree ? toggle : null;
  return html`
    <${Toolbar}
      text=${text}
      error=${search.error}
      field=${field}
      summary=${summary}
      isComplete=${model.isComplete}
      isTree=${isTree}
      isHeld=${isHeld}
      pausedAt=${pausedAt}
      sorted=${sorted}
      descending=${descending}
      isNarrow=${isNarrow}
      commands=${commands}
    />
    ${
      live.error &&
      !live.error.isDisconnected &&
      html`<div class="pad"><${ErrorNotice} error=${live.error} retryAt=${live.retryAt} /></div>`
    }
    <div class="processes">
      ${
        rows.length > 0
          ? html`<${Grid}
              label="Processes"
              columns=${isNarrow ? [] : columns}
              sort=${{ id: isTree && SUM_COLUMNS[sorted.id] ? `${sorted.id}_sum` : sorted.id, descending }}
              onSort=${commands.sortBy}
              rows=${rows}
              keyOf=${(/** @type {ProcessRecord} */ { key }) => key}
              rowHeight=${isNarrow ? CARD_HEIGHT : ROW_HEIGHT}
              classOf=${(/** @type {ProcessRecord} */ { isMatch }) =>
                `${isNarrow ? "card" : ""} ${isMatch ? "" : "context"}`}
              cells=${(/** @type {ProcessRecord} */ record) =>
                isNarrow
                  ? cardCells(record, sorted, onToggle)
                  : rowCells(record, columns, onToggle)}
              treeOf=${isTree ? treeOf : undefined}
              onToggle=${toggle}
              selectedKey=${selected?.key}
              onOpen=${(/** @type {ProcessRecord} */ { p }) => open(p)}
              handle=${grid}
            />`
          : html`<div class="nothing">
              <${Nothing}
                search=${search.isEmpty ? "" : text.trim()}
                all=${summary.all}
                isLoading=${!model.isComplete}
                hasFailed=${live.error !== null}
              />
            </div>`
      }
      ${
        opened &&
        html`<${Drawer}
          key=${opened}
          pid=${opened}
          model=${model}
          revision=${revision}
          isPaused=${pausedAt > 0}
          stackNames=${stackNames}
          query=${query}
          onClose=${close}
        />`
      }
    </div>
    ${
      choosesColumns &&
      html`<${ColumnsDialog} chosen=${chosen} onClose=${() => setChoosesColumns(false)} />`
    }
  `;
}

/** @param {{search: string, all: number, isLoading: boolean, hasFailed: boolean}} props */
function Nothing({ search, all, isLoading, hasFailed }) {
  if (isLoading) return hasFailed ? null : html`<${Skeleton} rows=${12} />`;
  if (!search) {
    return html`<${Empty} title="No processes">
      The server shows none. It may lack the rights to see them.
    <//>`;
  }
  return html`<${Empty} title=${`Nothing matches “${search}”`}>
    <p>None of ${all} processes.</p>
    <button onClick=${() => setQuery({ q: "" })}>Clear the search</button>
  <//>`;
}

/** @param {string[]} chosen @param {boolean} isTree */
function columnsOf(chosen, isTree) {
  const shown = COLUMNS.filter(({ id }) => id === "name" || chosen.includes(id)).flatMap(
    (column) => {
      const sum = isTree ? SUM_COLUMNS[column.id] : undefined;
      return sum ? [column, { ...sum, id: `${column.id}_sum` }] : [column];
    },
  );
  return shown.map((column) => {
    if (column.id === "name" && isTree) return { ...column, width: "minmax(260px, 1fr)" };
    // Something takes the space that is left.
    const isLast = column === shown[shown.length - 1];
    return isLast
      ? { ...column, width: column.width.replace(/^(\d+px)$/, "minmax($1, 1fr)") }
      : column;
  });
}

/** @param {ProcessRecord} record */
function treeOf({ level, children, isOpen }) {
  return { level, isOpen: children.length > 0 ? isOpen : undefined };
}
