// Chromium, driven by Playwright. browser_tools.sh says where both are.

import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start tools/page/browser.sh`);
  return value;
}

export const program = required("TALLYMAN_SERVER");
const modules = required("TALLYMAN_NODE_MODULES");
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");

const options = {
  executablePath: required("TALLYMAN_BROWSER"),
  // Its sandbox needs rights that containers rarely give; all pages are our own.
  chromiumSandbox: false,
};

/** A browser of this process. */
export function launch() {
  return chromium.launch(options);
}

/** A browser that other processes can connect to. */
export function launchServer() {
  return chromium.launchServer({ ...options, host: "127.0.0.1" });
}

/** The browser of run.mjs. */
export function connect() {
  return chromium.connect(required("TALLYMAN_BROWSER_ENDPOINT"));
}

/** The script of axe-core. */
export function axeSource() {
  return readFile(join(modules, "axe-core/axe.min.js"), "utf8");
}
