// @ts-check
// The processes, as they change.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, askAll, url } from "../api.js";
import { useResource } from "../resource.js";
import { useStream } from "../stream.js";
import { ProcessModel } from "./model.js";

// More processes than a screen shows, and few enough to come at once.
const FIRST_COUNT = 100;
// After so many intervals without a difference the scans found none.
const QUIET_INTERVALS = 3;

/**
 * @param {object} options
 * @param {string[]} options.fields
 * @param {number} options.seconds  Between two scans.
 * @param {boolean} options.isPaused  The list stands still.
 * @param {string} options.firstSort  Which processes come first: "-memory".
 */
export function useProcesses({ fields, seconds, isPaused, firstSort }) {
  const model = useRef(/** @type {ProcessModel|null} */ (null));
  model.current ??= new ProcessModel();
  const current = model.current;
  const [revision, setRevision] = useState(0);

  const first = useResource("processes", async (signal) => {
    const query = {
      sort: firstSort,
      limit: FIRST_COUNT,
      fields: ["pid", "start_time", ...fields].join(","),
    };
    const { data } = await ask("/server/processes", { query, signal });
    return data.data;
  });
  useEffect(() => {
    if (!first.data) return;
    current.begin(first.data);
    setRevision((n) => n + 1);
  }, [first.data]);

  const hasFirst = first.data !== undefined || first.error !== null;
  const query = { watch: `${seconds}s`, fields: fields.join(",") };
  const path = hasFirst && !isPaused ? url("/server/processes", query) : null;
  const stream = useStream(
    path,
    (events) => {
      current.apply(events);
      setRevision((n) => n + 1);
    },
    { resumes: false },
  );

  // One timer after each difference, none while the stream is closed.
  const isOpen = path !== null && stream.state === "open" && current.isComplete;
  useEffect(() => {
    if (!isOpen) return undefined;
    const timer = setTimeout(
      () => {
        if (current.quiet()) setRevision((n) => n + 1);
      },
      QUIET_INTERVALS * seconds * 1000,
    );
    return () => clearTimeout(timer);
  }, [isOpen, seconds, revision]);

  const fromStream = path !== null && stream.error !== null;
  return {
    model: current,
    revision,
    error: fromStream ? stream.error : current.isComplete ? null : first.error,
    retryAt: fromStream ? stream.retryAt : first.retryAt,
  };
}

/**
 * The names of stacks by their uids; empty where the server runs none.
 *
 * @param {boolean} isWanted
 * @returns {Map<string, string>}
 */
export function useStackNames(isWanted) {
  const { data } = useResource(isWanted ? "stacks" : null, (signal) =>
    askAll("/stacks", { signal }),
  );
  const [names, setNames] = useState(/** @type {Map<string, string>} */ (new Map()));
  useEffect(() => {
    if (data) setNames(new Map(data.map(({ uid, name }) => [uid, name])));
  }, [data]);
  return names;
}
