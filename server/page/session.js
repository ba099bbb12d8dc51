// @ts-check
// Who is signed in.
//
// A session has two halves. The browser keeps one in a cookie that scripts cannot read; the
// other, the key, is in sessionStorage and goes into a header of each request. Cookies ignore
// ports, sessionStorage does not: another service of the same host gets the cookie only.
// Tabs of one origin give each other the key.

import { ApiError } from "./errors.js";
import { createStore } from "./store.js";

/**
 * @typedef {object} Token
 * @property {number} id
 * @property {string} name
 * @property {string[]} scopes  "public", "admin".
 * @property {string} created_at
 * @property {string|null} expires_at
 * @property {string|null} revoked_at
 * @property {number} hourly_limit
 * @property {number} daily_limit  0: no limit.
 */

/**
 * @typedef {object} Session
 * @property {number} id
 * @property {Token} token
 * @property {string} created_at
 * @property {string} last_used_at
 * @property {string} expires_at
 * @property {string} idle_expires_at
 * @property {string} user_agent
 * @property {string} address
 * @property {boolean} current
 */

/**
 * @typedef {object} SessionState
 * @property {"unknown"|"in"|"out"} state
 * @property {Session|null} session  Kept while signed out, so that the view stays.
 * @property {string} reason  Why the page is signed out; "": no reason to show.
 * @property {number} generation  Grows with each sign-in: views load again.
 */

const KEY = "tallyman.session";
const CHANNEL = "tallyman.session";
// An open tab answers within this time, or there is none. Milliseconds.
const OTHER_TABS_MS = 150;

export const session = createStore(
  /** @type {SessionState} */ ({ state: "unknown", session: null, reason: "", generation: 0 }),
);

let key = sessionStorage.getItem(KEY) ?? "";

/** @param {string} value */
function keepKey(value) {
  key = value;
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

const tabs = typeof BroadcastChannel === "function" ? new BroadcastChannel(CHANNEL) : null;

/** @type {((key: string) => void)|null} */
let awaitingKey = null;

if (tabs) {
  tabs.onmessage = ({ data }) => {
    if (data?.type === "ask" && key) tabs.postMessage({ type: "key", key });
    if (data?.type === "key" && awaitingKey) awaitingKey(data.key);
    if (data?.type === "signed_in") adopt(data.key);
    if (data?.type === "signed_out") {
      keepKey("");
      leave("Another tab signed out.");
    }
  };
}

/** @returns {Promise<string>} "" if no other tab is signed in. */
function askOtherTabs() {
  if (!tabs) return Promise.resolve("");
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(""), OTHER_TABS_MS);
    /** @param {string} value */
    const done = (value) => {
      clearTimeout(timer);
      awaitingKey = null;
      resolve(value);
    };
    awaitingKey = done;
    tabs.postMessage({ type: "ask" });
  });
}

/** The headers that a request of the session needs. @returns {Record<string, string>} */
export function sessionHeaders() {
  return key ? { "X-Tallyman-Session": key } : {};
}

/** @param {string} reason */
function leave(reason) {
  if (session.get().state !== "out") session.update({ state: "out", reason });
}

/**
 * The server refused the session: the view stays, and the page asks to sign in.
 *
 * @param {string} reason
 */
export function sessionRefused(reason) {
  keepKey("");
  leave(reason);
}

/** @param {Session} value */
function enter(value) {
  const { generation } = session.get();
  session.set({ state: "in", session: value, reason: "", generation: generation + 1 });
}

/** @param {string} value */
async function adopt(value) {
  keepKey(value);
  await resume();
}

/**
 * @param {string} method
 * @param {object} [body]
 * @returns {Promise<any>} Null if the answer has no body.
 */
async function ask(method, body) {
  const request = `${method} /session`;
  let response;
  try {
    response = await fetch("/session", {
      method,
      headers: {
        ...sessionHeaders(),
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch {
    throw new ApiError({ request, status: 0, message: "The server does not answer." });
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) {
    throw new ApiError({
      request,
      status: response.status,
      message: answer?.details || answer?.error_description || `status ${response.status}`,
      retryAfter: Number(response.headers.get("Retry-After")) || 0,
    });
  }
  return answer;
}

/**
 * Signs in; the promise fails with an ApiError.
 *
 * @param {{token: string}|{code: string}} proof
 */
export async function signIn(proof) {
  const { session: made } = await ask("POST", proof);
  keepKey(made.key);
  enter(made);
  tabs?.postMessage({ type: "signed_in", key: made.key });
}

/** Ends the session here and on the server. */
export async function signOut() {
  try {
    await ask("DELETE");
  } catch (error) {
    // An ended session is what was wanted.
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  keepKey("");
  tabs?.postMessage({ type: "signed_out" });
  leave("");
}

/** Goes on with a session of before; fails with an ApiError if the server does not answer. */
async function resume() {
  if (!key) {
    leave("");
    return;
  }
  try {
    enter((await ask("GET")).session);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    sessionRefused("Your session has ended.");
  }
}

/**
 * Signs in with the one-time code of the address, or goes on with the session of this or of
 * another tab. Fails with an ApiError if the server does not answer.
 */
export async function startSession() {
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  if (code) {
    // A code works once: it stays neither in the address nor in the history.
    history.replaceState(null, "", location.pathname);
    try {
      await signIn({ code: decodeURIComponent(code) });
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.isDisconnected) throw error;
      await resume();
      if (session.get().state !== "in") session.update({ state: "out", reason: error.message });
      return;
    }
  }
  if (!key) keepKey(await askOtherTabs());
  await resume();
}
