// Starts one browser and runs the tests beside this file with it; see ../browser.sh.

import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchServer } from "./browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));

const isTest = (/** @type {string} */ name) => name.endsWith(".test.mjs");
const named = process.argv.slice(2).filter(isTest);
const options = process.argv.slice(2).filter((argument) => !isTest(argument));
const files = named.length > 0 ? named : (await readdir(here)).filter(isTest).sort();

const browser = await launchServer();

/** @param {string} name  Of a file. @returns {Promise<boolean>} Whether its tests pass. */
function passes(name) {
  const tests = spawn(process.execPath, ["--test", ...options, join(here, name)], {
    stdio: "inherit",
    env: { ...process.env, TALLYMAN_BROWSER_ENDPOINT: browser.wsEndpoint() },
  });
  return new Promise((resolve) => tests.once("exit", (status) => resolve(status === 0)));
}

// A browser on busy cores can be slower than any limit: a file whose tests fail gets a second
// attempt, after all others. What failed first is printed in any case.
const again = [];
for (const name of files) if (!(await passes(name))) again.push(name);
const failed = [];
for (const name of again) {
  console.log(`# a second attempt: ${name}`);
  if (!(await passes(name))) failed.push(name);
}
await browser.close();
console.log(failed.length > 0 ? `failed: ${failed.join(", ")}` : "the page passes in a browser");
process.exit(failed.length > 0 ? 1 : 0);
