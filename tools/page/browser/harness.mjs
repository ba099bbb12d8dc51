// What all tests of the page share: a server for each file, a browser context for each test,
// and what to print when one fails.

import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axeSource, connect, program } from "./browser.mjs";
import { Server } from "./server.mjs";

// Two busy cores may take long; an expected state comes much sooner. Milliseconds.
const STATE_TIMEOUT_MS = 30000;
const TEST_TIMEOUT_MS = 120000;

/**
 * Starts a server before the tests of the file, and ends it with its processes after them.
 *
 * @param {string[]} [flags]
 * @param {(server: Server) => Promise<void>} [prepare]
 */
export function useServer(flags = [], prepare = async () => {}) {
  const server = new Server(program, flags);
  before(async () => {
    await server.start();
    await prepare(server);
  });
  after(() => server.remove());
  return server;
}

let browser;
before(async () => {
  browser = await connect();
});
after(() => browser?.close());

/**
 * A test with a page of its own, which shows nothing yet. It fails if a script fails, if the
 * policy of the page stops something, or if the console has an error that `expected` does not
 * match.
 *
 * @param {Server} server
 * @param {string} name
 * @param {(parts: {page: any, context: any, open: (options?: object) => Promise<any>, t: any}) => Promise<void>} body
 *   `open` makes a page of another person: a context without the cookies of the first.
 * @param {{expected?: RegExp, width?: number, height?: number, colorScheme?: "light"|"dark"}} [options]
 */
export function pageTest(server, name, body, options = {}) {
  const { expected = /(?!)/, width = 1440, height = 900, colorScheme = "light" } = options;
  test(name, { timeout: TEST_TIMEOUT_MS }, async (t) => {
    const contexts = [];
    const messages = [];
    const unexpected = [];
    const open = async (more = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        reducedMotion: "reduce",
        ...more,
      });
      contexts.push(context);
      context.setDefaultTimeout(STATE_TIMEOUT_MS);
      context.on("console", (message) => {
        const text = `${message.type()}: ${message.text()} (${message.location().url})`;
        messages.push(text);
        if (message.type() === "error" && !expected.test(text)) unexpected.push(text);
      });
      context.on("weberror", (error) => unexpected.push(`${error.error().stack}`));
      return context;
    };
    try {
      const context = await open();
      await body({ page: await context.newPage(), context, open, t });
      assert.deepEqual(unexpected, [], "errors in the browser");
    } catch (error) {
      await report(t, contexts, [...messages, ...unexpected], server);
      throw error;
    } finally {
      for (const context of contexts) await context.close();
    }
  });
}

/** Prints what helps to find out why a test failed. */
async function report(t, contexts, messages, server) {
  const folder = await mkdtemp(join(tmpdir(), "tallyman-page-failure-"));
  for (const [i, page] of contexts.flatMap((context) => context.pages()).entries()) {
    const path = join(folder, `${i}.png`);
    t.diagnostic(`page ${i}: ${page.url()}`);
    await page.screenshot({ path, timeout: 10000 }).then(
      () => t.diagnostic(`picture: ${path}`),
      (error) => t.diagnostic(`no picture: ${error.message}`),
    );
  }
  for (const text of messages.slice(-40)) t.diagnostic(`console: ${text}`);
  for (const line of server.log.trimEnd().split("\n").slice(-40)) t.diagnostic(`server: ${line}`);
}

/**
 * Signs in with a token, as a person does, and waits for a view.
 *
 * @param {any} page
 * @param {Server} server
 * @param {string} [hash]  "#/stacks"
 * @param {string} [token]
 */
export async function signIn(page, server, hash = "#/stacks", token = server.token) {
  await page.goto(`${server.url}/${hash}`);
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

/** Makes a token; resolves to it. */
export async function makeToken(server, name, scopes, more = {}) {
  const answer = await server.ask("POST", "/tokens", { name, scopes, ...more });
  return answer.response[0].token;
}

/**
 * The row of a process in the view of stacks.
 *
 * @param {any} page
 * @param {string} name
 * @param {string} [uid]  Of its stack.
 */
export function rowOf(page, name, uid) {
  return page.locator(`li[data-process="${name}"]${uid ? `[data-uid="${uid}"]` : ""}`);
}

/** Waits until the text of a locator matches. @param {any} locator @param {RegExp} pattern */
export async function waitForText(locator, pattern) {
  await locator.filter({ hasText: pattern }).first().waitFor();
}

/** Whether the document is wider than the window: the widest culprit, "" if it is not. */
export function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return "";
    const wide = [...document.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > width + 1,
    );
    return `${document.documentElement.scrollWidth} > ${width}: ${wide[0]?.outerHTML.slice(0, 300)}`;
  });
}

/** Fails if axe-core finds something in the page as it is. */
export async function barriers(page) {
  await page.evaluate(await axeSource());
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document);
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`,
    );
  });
  assert.deepEqual(found, [], `barriers at ${page.url()}`);
}
