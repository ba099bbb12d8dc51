// @ts-check
// Requests to the server.

import { ApiError } from "./errors.js";
import { answered, lost } from "./connection.js";
import { sessionHeaders, sessionRefused } from "./session.js";

/**
 * @typedef {object} RequestOptions
 * @property {string} [method]  GET if absent.
 * @property {Record<string, string|number|undefined>} [query]  Undefined and "" are left out.
 * @property {object} [body]  Sent as JSON.
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * The path with a query.
 *
 * @param {string} path
 * @param {Record<string, string|number|undefined>} [query]
 */
export function url(path, query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Sends a request of the session. Fails with an ApiError, or with an AbortError.
 *
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<Response>} Whose status is 2xx or 304.
 */
export async function send(path, options = {}) {
  const { method = "GET", query, body, headers = {}, signal } = options;
  const request = `${method} ${path}`;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(url(path, query), {
      method,
      headers: {
        ...sessionHeaders(),
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    lost();
    throw new ApiError({ request, status: 0, message: "The server does not answer." });
  }
  answered();
  if (response.ok || response.status === 304) return response;
  const refusal = new ApiError({
    request,
    status: response.status,
    message: await messageOf(response),
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  });
  if (refusal.status === 401) sessionRefused(refusal.message);
  throw refusal;
}

/**
 * The answer in JSON, with its headers.
 *
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<{data: any, headers: Headers}>} `data` is null if there is no body.
 */
export async function ask(path, options = {}) {
  const response = await send(path, {
    ...options,
    headers: { Accept: "application/json", ...options.headers },
  });
  try {
    return {
      data: response.status === 204 ? null : await response.json(),
      headers: response.headers,
    };
  } catch (error) {
    if (options.signal?.aborted) throw error;
    lost();
    throw new ApiError({
      request: `${options.method ?? "GET"} ${path}`,
      status: 0,
      message: "The answer broke off.",
    });
  }
}

/**
 * All items of a collection of the stacks family, over its pages.
 *
 * @param {string} path
 * @param {RequestOptions} [options]
 * @param {string} [member]  Of the answer; "response" for stacks, "tokens", "sessions", ...
 * @returns {Promise<any[]>}
 */
export async function askAll(path, options = {}, member = "response") {
  const items = [];
  for (let page = 1; ; ++page) {
    const { data } = await ask(path, {
      ...options,
      query: { ...options.query, page, per_page: 100 },
    });
    items.push(...data[member]);
    if (!data.pagination?.next) return items;
  }
}

/** @param {Response} response */
async function messageOf(response) {
  const answer = await response.json().catch(() => null);
  return (
    answer?.details ||
    answer?.error_description ||
    answer?.status_desc ||
    `status ${response.status}`
  );
}
