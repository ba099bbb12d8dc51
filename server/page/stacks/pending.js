// @ts-check
// What stands in place of data that is not there, or above data that is old.

import { html } from "../html.js";
import { ErrorNotice, Skeleton } from "../ui/states.js";

/**
 * The error of a resource, or a skeleton until there are data.
 *
 * @param {{of: import("../resource.js").Resource<any>, rows?: number}} props
 */
export function Pending({ of: { data, error, retryAt, reload }, rows }) {
  if (error) return html`<${ErrorNotice} error=${error} retryAt=${retryAt} onRetry=${reload} />`;
  return data === undefined ? html`<${Skeleton} rows=${rows} />` : null;
}

/**
 * A listener of events of a field, which passes on its value.
 *
 * @param {(value: string) => void} set
 * @returns {(event: {currentTarget: {value: string}}) => void}
 */
export function onValue(set) {
  return ({ currentTarget }) => set(currentTarget.value);
}
