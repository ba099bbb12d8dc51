// @ts-check
// Commands that may be refused.

import { ApiError } from "../errors.js";
import { announce } from "../ui/announce.js";

/**
 * Does something and says how it went.
 *
 * @param {() => Promise<any>} run
 * @param {string} done  What is true then.
 * @returns {Promise<boolean>}
 */
export async function attempt(run, done) {
  try {
    await run();
    announce(done, "good");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // After a 401 the page asks to sign in already.
    if (error.status !== 401) announce(`It failed: ${error.message}`, "bad");
    return false;
  }
}
