// @ts-check
// A log as a file.

import { send } from "../api.js";
import { ApiError, explain } from "../errors.js";
import { announce } from "../ui/announce.js";

/**
 * @param {string} path
 * @param {Record<string, string|number|undefined>} query
 * @param {string} process
 */
export async function downloadLog(path, query, process) {
  try {
    const response = await send(path, { query, headers: { Accept: "text/plain" } });
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = `${process}${query.instance ? `.${query.instance}` : ""}.log`;
    link.click();
    URL.revokeObjectURL(address);
    if (response.headers.get("X-Older-Lines-Left-Out") === "true") {
      announce(
        "Saved the newest lines. Older ones do not fit into one answer; until= of the API gets them.",
      );
    } else announce("Saved all lines that are kept.", "good");
  } catch (error) {
    const { title } =
      error instanceof ApiError ? explain(error) : { title: "The answer broke off" };
    announce(`No file: ${title}. ${/** @type {Error} */ (error).message}`, "bad");
  }
}
