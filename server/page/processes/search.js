// @ts-check
// The search for processes: nginx user:root state:sleeping >100M cpu>5 -unit:ssh "two words"
//
// All terms must match; "-" negates one ("--x" is text). Text matches names and command lines. After ":" stands
// how a value begins (of name and command: what it contains), or several, separated by commas;
// after "=" the whole value.

/**
 * @typedef {import("./model.js").ProcessRecord} ProcessRecord
 *
 * @typedef {object} Search
 * @property {string} error  What is wrong; "": nothing.
 * @property {boolean} isEmpty  It matches all.
 * @property {string[]} fields  The keys of the API that it reads.
 * @property {(record: ProcessRecord) => boolean} matches
 */

export const STATES = [
  "running",
  "sleeping",
  "disk-sleep",
  "stopped",
  "tracing-stop",
  "zombie",
  "dead",
  "idle",
  "parked",
];

/** Keys of words, and the key of the API. @type {Record<string, string>} */
const WORDS = {
  name: "name",
  command: "command_line",
  user: "user",
  state: "state",
  unit: "unit",
  container: "container",
  stack: "stack",
  process: "process",
};

/** Keys of numbers: the key of the API, and the unit. @type {Record<string, [string, ""|"bytes"|"percent"|"seconds"]>} */
const NUMBERS = {
  pid: ["pid", ""],
  ppid: ["ppid", ""],
  session: ["session", ""],
  threads: ["num_threads", ""],
  nice: ["nice", ""],
  memory: ["memory", "bytes"],
  peak: ["peak_memory", "bytes"],
  virtual: ["virtual_memory", "bytes"],
  read: ["io_bytes_read", "bytes"],
  written: ["io_bytes_written", "bytes"],
  cpu: ["cpu_seconds", "percent"],
  time: ["cpu_seconds", "seconds"],
};

export const KEYS = [...Object.keys(WORDS), ...Object.keys(NUMBERS)];

/** @typedef {{fields: string[], matches: (record: ProcessRecord) => boolean}} Term */

/**
 * @param {string} text
 * @param {Map<string, string>} [stackNames]  Of uids.
 * @returns {Search}
 */
export function parseSearch(text, stackNames = new Map()) {
  /** @type {Term[]} */
  const terms = [];
  let error = "";
  if ((text.match(/"/g)?.length ?? 0) % 2 === 1) {
    error = 'A quote (") is open. Close it.';
  } else {
    for (const token of text.match(/(?:"[^"]*"|[^\s"])+/g) ?? []) {
      const isNegated = /^-[^-]/.test(token);
      const term = parseTerm(isNegated ? token.slice(1) : token, stackNames);
      if (typeof term === "string") error ||= term;
      else terms.push(isNegated ? { ...term, matches: (r) => !term.matches(r) } : term);
    }
  }
  return {
    error,
    isEmpty: terms.length === 0,
    fields: [...new Set(terms.flatMap(({ fields }) => fields))],
    matches: (record) => terms.every(({ matches }) => matches(record)),
  };
}

/**
 * @param {string} token
 * @param {Map<string, string>} stackNames
 * @returns {Term|string} The term, or what is wrong with it.
 */
function parseTerm(token, stackNames) {
  const parts = /^([a-z_]*)(>=|<=|[><:=])(.*)$/i.exec(token);
  if (!parts || (parts[1] === "" && /[:=]/.test(parts[2]))) return textTerm(unquote(token));
  const key = parts[1].toLowerCase() || "memory";
  const [, , operator, raw] = parts;
  if (key in WORDS) return wordTerm(key, operator, raw, stackNames);
  if (key in NUMBERS) return numberTerm(key, operator, raw);
  return `“${key}” is no key. Keys: ${KEYS.join(", ")}. In quotes it is text: "${token}".`;
}

/** @param {string} text */
function unquote(text) {
  return text.replaceAll('"', "");
}

/** The values of one term. @param {string} raw */
function valuesOf(raw) {
  return (raw.includes('"') ? [unquote(raw)] : raw.split(",")).filter(Boolean);
}

/** @param {string} text @returns {Term} */
function textTerm(text) {
  const wanted = text.toLowerCase();
  return {
    fields: ["name", "command_line"],
    matches: (record) => {
      record.text ??= `${record.p.name ?? ""}\n${record.p.command_line ?? ""}`.toLowerCase();
      return record.text.includes(wanted);
    },
  };
}

/**
 * @param {string} key
 * @param {string} operator
 * @param {string} raw
 * @param {Map<string, string>} stackNames
 * @returns {Term|string}
 */
function wordTerm(key, operator, raw, stackNames) {
  if (operator !== ":" && operator !== "=") return `“${key}” is no number. Write ${key}:VALUE.`;
  const values = valuesOf(raw.toLowerCase());
  if (values.length === 0) return `A value is missing after “${key}${operator}”.`;
  const field = /** @type {keyof import("./model.js").HostProcess} */ (WORDS[key]);
  if (key === "state") {
    const unknown = values.find((value) => !STATES.some((state) => state.startsWith(value)));
    if (unknown) return `“${unknown}” is no state. States: ${STATES.join(", ")}.`;
  }
  const contains = key === "name" || key === "command";
  /** @param {string} value @param {string} wanted */
  const fits = (value, wanted) =>
    operator === "="
      ? value === wanted
      : contains
        ? value.includes(wanted)
        : value.startsWith(wanted);
  return {
    fields: [field],
    matches: ({ p }) => {
      const value = String(p[field] ?? "").toLowerCase();
      const name = key === "stack" ? (stackNames.get(value) ?? "").toLowerCase() : "";
      return values.some((wanted) => fits(value, wanted) || (name !== "" && fits(name, wanted)));
    },
  };
}

/**
 * @param {string} key
 * @param {string} operator
 * @param {string} raw
 * @returns {Term|string}
 */
function numberTerm(key, operator, raw) {
  const [field, unit] = NUMBERS[key];
  const isEqual = operator === ":" || operator === "=";
  if (isEqual && unit !== "") return `Write ${key}>VALUE or ${key}<VALUE.`;
  const texts = isEqual ? valuesOf(raw) : [unquote(raw)].filter(Boolean);
  if (texts.length === 0) return `A number is missing after “${key}${operator}”.`;
  const numbers = texts.map((text) => parseNumber(text, unit));
  const bad = numbers.findIndex(Number.isNaN);
  if (bad >= 0) {
    const example = unit === "bytes" ? "300K, 100M, 1.5G" : unit === "percent" ? "5, 12.5" : "12";
    return `“${texts[bad]}” after “${key}${operator}” is no number, as ${example}.`;
  }
  const [wanted] = numbers;
  return {
    fields: [field],
    matches: (record) => {
      const known = /** @type {Record<string, any>} */ (record.p)[field];
      const value = unit === "percent" ? record.share * 100 : known;
      // -1 is "unknown", but for nice.
      if (typeof value !== "number" || (value < 0 && key !== "nice")) return false;
      if (isEqual) return numbers.includes(value);
      if (operator === ">") return value > wanted;
      if (operator === "<") return value < wanted;
      return operator === ">=" ? value >= wanted : value <= wanted;
    },
  };
}

/**
 * @param {string} text
 * @param {""|"bytes"|"percent"|"seconds"} unit
 * @returns {number} NaN if it is none.
 */
function parseNumber(text, unit) {
  if (unit === "bytes") {
    const parts = /^(\d+(?:\.\d+)?)([kmgt]?)i?b?$/i.exec(text);
    return parts ? Number(parts[1]) * 1024 ** " kmgt".indexOf(parts[2].toLowerCase() || " ") : NaN;
  }
  const parts = /^(-?\d+(?:\.\d+)?)%?$/.exec(text);
  return parts ? Number(parts[1]) : NaN;
}
