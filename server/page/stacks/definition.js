// @ts-check
// Definitions of stacks as text: a Procfile, or a list of processes in JSON.

/**
 * @typedef {import("./model.js").Process} Process
 * @typedef {import("./model.js").Preview} Preview
 * @typedef {"procfile"|"json"} Mode
 */

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Without the white space of ASCII at both ends, as the server does. @param {string} text */
function strip(text) {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, "");
}

/**
 * The processes of a Procfile with the lines on which they are. Null if a line is not right: the
 * server says what is wrong with it.
 *
 * @param {string} text
 * @returns {{name: string, command: string, line: number}[]|null}
 */
export function parseProcfile(text) {
  const processes = [];
  const names = new Set();
  for (const [i, raw] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    const line = strip(raw);
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = strip(line.slice(0, Math.max(0, colon)));
    const command = strip(line.slice(colon + 1));
    if (!NAME.test(name) || command === "" || names.has(name)) return null;
    names.add(name);
    processes.push({ name, command, line: i + 1 });
  }
  return processes.length > 0 ? processes : null;
}

/** @param {{name: string, command: string}[]} processes */
export function procfileOf(processes) {
  return processes.map(({ name, command }) => `${name}: ${command}\n`).join("");
}

/** Whether a Procfile can say these commands. @param {{command: string}[]} processes */
export function fitsProcfile(processes) {
  return processes.every(({ command }) => !command.includes("\n") && strip(command) === command);
}

/** @param {{name: string, command: string}[]} processes */
export function jsonOf(processes) {
  return JSON.stringify(
    processes.map(({ name, command }) => ({ name, command })),
    null,
    2,
  );
}

/** The line of an error of JSON.parse; 0: it names no position. @param {string} message @param {string} text */
function lineOfJsonError(message, text) {
  const line = /line (\d+)/.exec(message)?.[1];
  if (line) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  return position ? text.slice(0, Number(position)).split("\n").length : 0;
}

/** An error in a text that somebody writes. */
export class TextError extends Error {
  /** @param {string} message @param {number} line  0: of no line. */
  constructor(message, line) {
    super(message);
    this.line = line;
  }
}

/**
 * The part of the request that defines the processes. Fails with a TextError.
 *
 * @param {Mode} mode
 * @param {string} text
 * @param {number} [instances]  Of each process of a Procfile at first.
 * @returns {{procfile: string}|{processes: unknown}}
 */
export function bodyOf(mode, text, instances = 0) {
  if (mode === "procfile") {
    const processes = instances > 0 ? parseProcfile(text) : null;
    if (!processes) return { procfile: text };
    return { processes: processes.map(({ name, command }) => ({ name, command, instances })) };
  }
  try {
    return { processes: JSON.parse(text) };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new TextError(message, lineOfJsonError(message, text));
  }
}

/**
 * The line of a text that a message of the server is about, and the message without it.
 *
 * @param {string} message  "procfile: line 2: there is no colon", "processes[1].command: is empty"
 * @param {Mode} mode
 * @param {string} text
 * @returns {{line: number, message: string}} Line 0: of no line.
 */
export function locate(message, mode, text) {
  const inProcfile = /^procfile: line (\d+): (.*)$/s.exec(message);
  if (inProcfile) return { line: Number(inProcfile[1]), message: inProcfile[2] };
  const inProcesses = /^processes\[(\d+)\]\.?([^]*)$/.exec(message);
  if (inProcesses && mode === "procfile") {
    const line = parseProcfile(text)?.[Number(inProcesses[1])]?.line ?? 0;
    if (line > 0) return { line, message: inProcesses[2] };
  }
  return { line: 0, message };
}

/**
 * A preview without the field `instances`, which counts for new processes only.
 *
 * @param {Preview} preview
 * @returns {Preview}
 */
export function withoutInstances(preview) {
  const processes = preview.processes
    .map((one) => ({ ...one, fields: one.fields.filter((field) => field !== "instances") }))
    .filter(
      ({ change, fields, servers }) => change !== "changed" || fields.length + servers.length,
    );
  return { ...preview, processes };
}

/**
 * What the API does not show of the processes: the fields that would change if they were
 * replaced by what it shows.
 *
 * @param {Preview} preview  Of that replacement.
 * @returns {Record<string, string[]>} By the name of the process.
 */
export function hiddenOf(preview) {
  const changed = preview.processes.filter(({ fields }) => fields.length > 0);
  return Object.fromEntries(changed.map(({ name, fields }) => [name, fields]));
}

/**
 * The hidden fields that a change would remove or, where nobody has written the command anew,
 * replace by one with asterisks.
 *
 * @param {Preview} preview  Of the change.
 * @param {Record<string, string[]>} hidden
 * @param {Process[]} processes  As the API shows them.
 * @param {string} text  Of the change.
 * @returns {string[]} "web: directory, env"
 */
export function lostOf(preview, hidden, processes, text) {
  const lost = [];
  for (const { name, change, fields } of preview.processes) {
    if (change !== "changed") continue;
    const shown = processes.find((one) => one.name === name)?.command ?? "";
    const isMasked = text.includes(shown) || text.includes(JSON.stringify(shown));
    const names = (hidden[name] ?? []).filter(
      (field) => fields.includes(field) && (field !== "command" || isMasked),
    );
    if (names.length > 0) lost.push(`${name}: ${names.join(", ")}`);
  }
  return lost;
}

/**
 * The same processes in the other form; null if that is not possible.
 *
 * @param {Mode} mode  Of the text.
 * @param {string} text
 * @returns {string|null}
 */
export function convert(mode, text) {
  if (mode === "procfile") {
    const processes = parseProcfile(text);
    return processes && jsonOf(processes);
  }
  try {
    const processes = JSON.parse(text);
    const written = procfileOf(processes);
    // What a Procfile cannot say is lost on the way.
    const again = JSON.parse(jsonOf(parseProcfile(written) ?? []));
    return JSON.stringify(again) === JSON.stringify(processes) ? written : null;
  } catch {
    return null;
  }
}
