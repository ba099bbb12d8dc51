// @ts-check
// What a change would do, asked while somebody writes it.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api.js";
import { ApiError } from "../errors.js";
import { withoutInstances } from "./definition.js";

// After the last key. Milliseconds.
const WAIT_MS = 300;

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path
 * @property {object} [body]
 *
 * @typedef {object} DryRun
 * @property {import("./model.js").Preview|null} preview
 * @property {ApiError|null} error
 * @property {boolean} isCurrent  False: of a text before the last key.
 */

/** @param {Request} request @param {AbortSignal} [signal] @returns {Promise<import("./model.js").Preview>} */
export async function dryRun({ method, path, body }, signal) {
  const { data } = await ask(path, { method, body, query: { dry_run: 1 }, signal });
  return withoutInstances(data.response);
}

/**
 * @param {Request|null} request
 * @param {number} [round]  Another one asks again.
 * @returns {DryRun}
 */
export function useDryRun(request, round = 0) {
  const key = JSON.stringify([request, round]);
  const [result, setResult] = useState(
    /** @type {{key: string, preview: DryRun["preview"], error: DryRun["error"]}} */ ({
      key: "",
      preview: null,
      error: null,
    }),
  );
  useEffect(() => {
    if (!request) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      dryRun(request, controller.signal).then(
        (preview) => setResult({ key, preview, error: null }),
        (error) => {
          if (controller.signal.aborted) return;
          if (!(error instanceof ApiError)) throw error;
          setResult({ key, preview: null, error });
        },
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key]);
  if (!request) return { preview: null, error: null, isCurrent: false };
  return { preview: result.preview, error: result.error, isCurrent: result.key === key };
}
