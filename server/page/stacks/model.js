// @ts-check
// Stacks as the API shows them, and what the view derives from them.

/**
 * @typedef {object} Stack
 * @property {string} uid
 * @property {string} name
 * @property {string} environment
 *
 * @typedef {object} Server
 * @property {string} uid
 * @property {string} name
 *
 * @typedef {object} Instance
 * @property {string} server
 * @property {number} instance
 * @property {"starting"|"running"|"paused"|"stopping"|"waiting"|"crash-looping"} state
 * @property {number|null} pid
 * @property {string|null} started_at
 * @property {number} restarts
 * @property {string|null} last_exit
 * @property {string|null} last_exit_at
 * @property {string|null} last_output
 * @property {string|null} next_start_at
 *
 * @typedef {object} Process
 * @property {string} name
 * @property {string} command  Values that look like secrets are "***".
 * @property {Record<string, number>} servers  Running instances, by the name of the server.
 * @property {Record<string, number>} servers_pauses
 * @property {Record<string, number>} desired
 * @property {string} state
 * @property {Instance[]} instances
 * @property {string|null} last_exit
 * @property {string|null} last_output
 *
 * @typedef {object} StackEvent
 * @property {number} id
 * @property {string} time
 * @property {string} event
 * @property {string|null} stack_uid
 * @property {string|null} process
 * @property {number|null} instance
 * @property {number|null} pid
 * @property {string|null} cause
 * @property {number|null} action_id
 * @property {string|null} user
 *
 * @typedef {object} PreviewOfProcess
 * @property {string} name
 * @property {"none"|"added"|"changed"|"removed"} change
 * @property {string[]} fields  Keys of the definition that differ.
 * @property {{name: string, desired_before: number, desired: number, start: number, stop: number, restart: number}[]} servers
 *
 * @typedef {object} Preview  The answer to a dry run.
 * @property {string[]} fields
 * @property {number} start
 * @property {number} stop
 * @property {number} restart
 * @property {PreviewOfProcess[]} processes
 * @property {number[]} superseded
 *
 * @typedef {object} ServerRow
 * @property {string} name
 * @property {string} uid
 * @property {number} running
 * @property {number} paused
 * @property {number} wanted
 */

/** @typedef {"good"|"warn"|"bad"|"idle"|"busy"} Tone */

/** @type {Record<string, Tone>} */
const TONES = {
  running: "good",
  degraded: "warn",
  "crash-looping": "bad",
  paused: "idle",
  stopped: "idle",
};

/** @param {string} state  Of a process or an instance. @returns {Tone} */
export function toneOf(state) {
  return TONES[state] ?? "busy";
}

// The first one that a process of the stack is in is the state of the stack.
const WORST = ["crash-looping", "degraded", "starting", "stopping", "running", "paused", "stopped"];

/** @param {Process[]} processes */
export function stateOfStack(processes) {
  return WORST.find((state) => processes.some((one) => one.state === state)) ?? "stopped";
}

/**
 * The counts of a process on each server, also on those where none is wanted.
 *
 * @param {Process} process
 * @param {Server[]} servers  Of the stack.
 * @returns {ServerRow[]}
 */
export function rowsOf(process, servers) {
  const names = new Set([
    ...servers.map(({ name }) => name),
    ...Object.keys(process.desired),
    ...Object.keys(process.servers),
  ]);
  return [...names].map((name) => ({
    name,
    uid: servers.find((server) => server.name === name)?.uid ?? name,
    running: process.servers[name] ?? 0,
    paused: process.servers_pauses[name] ?? 0,
    wanted: process.desired[name] ?? 0,
  }));
}

/** @param {Record<string, number>} counts */
export function sum(counts) {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

/** @param {Process[]} processes */
export function totalsOf(processes) {
  return {
    running: processes.reduce((total, one) => total + sum(one.servers), 0),
    wanted: processes.reduce((total, one) => total + sum(one.desired), 0),
  };
}

/** The path of a stack in the API. @param {string} uid */
export function stackPath(uid) {
  return `/api/3/stacks/${encodeURIComponent(uid)}`;
}

/**
 * The path of a process. The API removes the suffix, and so no ".json" that ends a name.
 *
 * @param {string} uid
 * @param {string} name
 */
export function processPath(uid, name) {
  return `${stackPath(uid)}/processes/${encodeURIComponent(name)}.json`;
}

/** A text as one word of sh. @param {string} text */
function quoted(text) {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

/**
 * The command of a shell that sends the same request; the token comes from its environment.
 *
 * @param {string} method
 * @param {string} address
 * @param {object} [body]
 */
export function curlOf(method, address, body) {
  const parts = [`curl -X ${method} -H "Authorization: Bearer $TALLYMAN_TOKEN"`];
  if (body) {
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  }
  return [...parts, quoted(address)].join(" ");
}
