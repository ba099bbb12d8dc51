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
const tests = spawn(
  process.execPath,
  ["--test", "--test-concurrency=1", ...options, ...files.map((name) => join(here, name))],
  { stdio: "inherit", env: { ...process.env, TALLYMAN_BROWSER_ENDPOINT: browser.wsEndpoint() } },
);
const code = await new Promise((resolve) => tests.once("exit", (status) => resolve(status ?? 1)));
await browser.close();
process.exit(code);
