// @ts-check
// Tokens and sessions in words.

/**
 * The state of a token or an OAuth client.
 *
 * @param {{revoked_at: string|null, expires_at?: string|null}} token
 * @param {number} now  Milliseconds of the epoch.
 * @returns {"valid"|"expired"|"revoked"}
 */
export function stateOf({ revoked_at, expires_at }, now) {
  if (revoked_at) return "revoked";
  return expires_at && Date.parse(expires_at) <= now ? "expired" : "valid";
}

/** Each with what its user agent has; the first that fits counts. @type {[string, RegExp][]} */
const BROWSERS = [
  ["Edge", /Edg(?:e|A|iOS)?\/(\d+)/],
  ["Opera", /OPR\/(\d+)/],
  ["Samsung Internet", /SamsungBrowser\/(\d+)/],
  ["Firefox", /(?:Firefox|FxiOS)\/(\d+)/],
  ["Chrome", /(?:Headless)?(?:Chrome|CriOS)\/(\d+)/],
  ["Safari", /Version\/(\d+).*Safari/],
];

/** @type {[string, RegExp][]} */
const SYSTEMS = [
  ["iPhone", /iPhone/],
  ["iPad", /iPad/],
  ["Android", /Android/],
  ["Windows", /Windows/],
  ["ChromeOS", /CrOS/],
  ["macOS", /Mac OS X/],
  ["Linux", /Linux|X11/],
];

/**
 * "Firefox 128 on Linux".
 *
 * @param {string} agent  The header User-Agent.
 */
export function browserOf(agent) {
  const browser = BROWSERS.find(([, pattern]) => pattern.test(agent));
  const system = SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0];
  const name = browser
    ? `${browser[0]} ${browser[1].exec(agent)?.[1]}`
    : agent.split(/[\s/(]/)[0] || "Unknown browser";
  return system ? `${name} on ${system}` : name;
}

/**
 * "3,600 an hour, 10,000 a day".
 *
 * @param {{hourly_limit: number, daily_limit: number}} limits
 */
export function limitsOf({ hourly_limit, daily_limit }) {
  const hour = `${hourly_limit.toLocaleString("en-US")} an hour`;
  return daily_limit > 0 ? `${hour}, ${daily_limit.toLocaleString("en-US")} a day` : hour;
}

/**
 * When a new token expires; null: never, undefined: the choice is not a time to come.
 *
 * @param {string} choice  Days, "never" or "date".
 * @param {string} date  "2027-01-31", for the choice "date": the end of that day here.
 * @param {number} now  Milliseconds of the epoch.
 * @returns {string|null|undefined}
 */
export function expiryOf(choice, date, now) {
  if (choice === "never") return null;
  const at =
    choice === "date" ? new Date(`${date}T24:00:00`).getTime() : now + Number(choice) * 86400000;
  if (!Number.isFinite(at) || at <= now) return undefined;
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
