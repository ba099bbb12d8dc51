// @ts-check
// The view and its settings in the address: #/processes?q=user%3Aroot&sort=-memory

import { createStore } from "./store.js";

export const VIEWS = /** @type {const} */ (["processes", "stacks", "activity", "tokens"]);

/**
 * @typedef {object} Route
 * @property {string} view  One of VIEWS.
 * @property {string[]} path  What follows the view, decoded: ["5999...", "web"].
 * @property {Record<string, string>} query
 */

/** @param {string} text @returns {string} The text itself if it is malformed. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * @param {string} hash  "#/stacks/5999/web?tab=logs"
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first, ...rest] = path.split("/").filter(Boolean).map(decode);
  const view = VIEWS.find((name) => name === first);
  return {
    view: view ?? "processes",
    path: view ? rest : [],
    query: view ? Object.fromEntries(new URLSearchParams(query)) : {},
  };
}

/**
 * The address of a view, for links.
 *
 * @param {string} view
 * @param {string[]} [path]
 * @param {Record<string, string|undefined>} [query]  Undefined and "" are left out.
 */
export function hrefOf(view, path = [], query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) params.set(name, value);
  const text = params.toString();
  return `#/${[view, ...path].map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** @type {import("./store.js").Store<Route>} */
export const route = createStore(parseRoute(location.hash));

let shown = location.hash;

/** Takes over the address, once: the event of a change comes later than the change. */
function update() {
  if (location.hash === shown) return;
  shown = location.hash;
  route.set(parseRoute(shown));
}

addEventListener("hashchange", update);

/**
 * Goes to a view.
 *
 * @param {string} href
 */
export function go(href) {
  location.hash = href.slice(1);
  update();
}

/**
 * Changes settings of the present view, without a step in the history.
 *
 * @param {Record<string, string|undefined>} change  Undefined or "" removes one.
 */
export function setQuery(change) {
  const { view, path, query } = route.get();
  const href = hrefOf(view, path, { ...query, ...change });
  history.replaceState(null, "", href);
  update();
}
