// @ts-check
// Failed requests, in words.

/** A request that was refused or did not reach the server. */
export class ApiError extends Error {
  /**
   * @param {object} parts
   * @param {string} parts.request  "GET /stacks"
   * @param {number} parts.status  0: no answer came.
   * @param {string} parts.message  What the server says is wrong.
   * @param {number} [parts.retryAfter]  Seconds; 0: unknown.
   */
  constructor({ request, status, message, retryAfter = 0 }) {
    super(message);
    this.name = "ApiError";
    this.request = request;
    this.status = status;
    this.retryAfter = retryAfter;
    /** Milliseconds of the epoch. */
    this.at = Date.now();
  }

  /** The request did not reach the server, or its answer did not come. */
  get isDisconnected() {
    return this.status === 0;
  }
}

/**
 * A heading for an error, and what the person can do.
 *
 * @param {ApiError} error
 * @returns {{title: string, remedy: string}}
 */
export function explain(error) {
  switch (error.status) {
    case 0:
      return {
        title: "The server cannot be reached",
        remedy: "Check that it runs and that the network is up. The page tries again by itself.",
      };
    case 401:
      return { title: "You are signed out", remedy: "Sign in to go on." };
    case 403:
      return {
        title: "Your token may not do this",
        remedy: "It needs the scope admin. Sign in with another token.",
      };
    case 404:
      return { title: "Not found", remedy: "It may have been removed. Go back to the list." };
    case 409:
    case 412:
      return {
        title: "It changed meanwhile",
        remedy: "The page shows the present state. Look at it, then try again.",
      };
    case 429:
      return {
        title: "Too many requests",
        remedy: "The limit of this session is used up. The page waits and tries again.",
      };
    case 501:
      return {
        title: "Not on this system",
        remedy: "This server shows processes, but does not run stacks.",
      };
    case 503:
      return {
        title: "The server is busy",
        remedy: "Too many streams or connections are open. Try again in a moment.",
      };
    default:
      return error.status >= 500
        ? { title: "The server failed", remedy: "Its log says why. Try again." }
        : { title: "The request was refused", remedy: "Correct what the message names." };
  }
}
