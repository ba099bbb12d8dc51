// @ts-check
// Actions from asked to finished, as their events tell.

/**
 * @typedef {object} Summary  What an action does.
 * @property {string} verb  "scale", "restart", "pause", "resume", "signal HUP", or the whole text.
 * @property {string|null} process  Null: of all processes, or of the stack.
 * @property {number} instance  0: of all.
 * @property {number|null} count  Of a scale on one server.
 *
 * @typedef {object} Tracked
 * @property {string} key  Made here, unique.
 * @property {number} id  Of the action; 0: not known yet.
 * @property {string} uid  Of the stack.
 * @property {string} text  "scale web to 5 on vm"
 * @property {Summary} summary
 * @property {number|null} from  The wanted number before a scale; null: unknown.
 * @property {"sent"|"open"|"done"|"failed"|"superseded"} state
 * @property {string} message  The result.
 * @property {number} at  When it was asked, in milliseconds of the epoch.
 * @property {number} started  Instances, since then.
 * @property {number} stopped
 * @property {number} ended  By themselves.
 * @property {boolean} mine  Asked in this page.
 * @property {(() => void)} [retry]  Sends the same request again, with the same key.
 */

/**
 * Reads the cause of an event "action_started".
 *
 * @param {string} text  "scale web to 5 on vm", "restart instance 2 of web on vm"
 * @returns {Summary}
 */
export function parseSummary(text) {
  const scale = /^scale (\S+) to (\d+) on [^]*$/.exec(text);
  if (scale) {
    const isOne = !/, \d+ on /.test(text);
    return {
      verb: "scale",
      process: scale[1],
      instance: 0,
      count: isOne ? Number(scale[2]) : null,
    };
  }
  const other =
    /^(restart|pause|resume|signal \w+)(?: to)? (?:instance (\d+) of )?(all processes|\S+)/.exec(
      text,
    );
  if (!other) return { verb: text, process: null, instance: 0, count: null };
  return {
    verb: other[1],
    process: other[3] === "all processes" ? null : other[3],
    instance: Number(other[2] ?? 0),
    count: null,
  };
}

/**
 * @param {object} parts
 * @param {string} parts.key
 * @param {string} parts.uid
 * @param {string} parts.text
 * @param {number} [parts.id]
 * @param {number|null} [parts.from]
 * @param {boolean} [parts.mine]
 * @param {number} [parts.at]
 * @returns {Tracked}
 */
export function track({ key, uid, text, id = 0, from = null, mine = false, at = Date.now() }) {
  return {
    key,
    id,
    uid,
    text,
    summary: parseSummary(text),
    from,
    state: id ? "open" : "sent",
    message: "",
    at,
    started: 0,
    stopped: 0,
    ended: 0,
    mine,
  };
}

/** @type {Record<string, "started"|"stopped"|"ended">} */
const COUNTED = {
  started: "started",
  restarted: "started",
  stopped: "stopped",
  exited: "ended",
  start_failed: "ended",
  lost: "ended",
};

/** @param {Tracked} one */
export function isOpen(one) {
  return one.state === "open" || one.state === "sent";
}

/**
 * The actions after an event.
 *
 * @param {Tracked[]} list
 * @param {import("./model.js").StackEvent} event
 * @returns {Tracked[]} The same list if the event changes nothing.
 */
export function apply(list, event) {
  const { event: kind, action_id: id, stack_uid: uid } = event;
  if (!uid) return list;
  if (kind === "action_started" && id) {
    if (list.some((one) => one.id === id)) return list;
    const text = event.cause ?? "";
    return [...list, track({ key: `event ${id}`, uid, text, id, at: Date.parse(event.time) })];
  }
  const member = COUNTED[kind];
  if (!member || event.process === null) return list;
  let differs = false;
  const next = list.map((one) => {
    const { process, instance } = one.summary;
    const concerns =
      one.uid === uid &&
      isOpen(one) &&
      (process === null || process === event.process) &&
      (instance === 0 || instance === event.instance);
    if (!concerns) return one;
    differs = true;
    return { ...one, [member]: one[member] + 1 };
  });
  return differs ? next : list;
}

/**
 * The actions after one has ended.
 *
 * @param {Tracked[]} list
 * @param {number} id
 * @param {boolean} success
 * @param {string} message
 */
export function finish(list, id, success, message) {
  return list.map((one) =>
    one.id === id && isOpen(one) ? { ...one, state: outcome(success, message), message } : one,
  );
}

/** @param {boolean} success @param {string} message @returns {Tracked["state"]} */
function outcome(success, message) {
  if (success) return "done";
  return message.startsWith("superseded") ? "superseded" : "failed";
}

/**
 * The actions after the answer to a request came: the event of the action may have come before.
 *
 * @param {Tracked[]} list
 * @param {string} key  Of the request.
 * @param {number} id
 */
export function adopt(list, key, id) {
  const fromEvent = list.find((one) => one.id === id && one.key !== key);
  return list
    .filter((one) => one !== fromEvent)
    .map((one) => {
      if (one.key !== key) return one;
      if (!fromEvent) return { ...one, id, state: /** @type {const} */ ("open") };
      return { ...fromEvent, key, from: one.from, mine: true };
    });
}

/** "3 started, 1 stopped", "" at first. @param {Tracked} one */
export function countsOf({ started, stopped, ended }) {
  return [
    started && `${started} started`,
    stopped && `${stopped} stopped`,
    ended && `${ended} ended by ${ended === 1 ? "itself" : "themselves"}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The instance that a message of a failure is about; 0: none. @param {string} message */
export function instanceIn(message) {
  return Number(/\binstance (\d+)\b/.exec(message)?.[1] ?? 0);
}
