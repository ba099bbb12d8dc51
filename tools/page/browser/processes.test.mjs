// The view of processes, with real ones.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { pageTest, signIn, useServer } from "./harness.mjs";
import { until } from "./server.mjs";

const server = useServer([], (started) =>
  started.makeStack("shown", "web: sleep 1003\n", { web: 2 }),
);

// The kernel names a process after its file: copies have names that nothing else has.
let folder = "";
const started = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tallyman-names-"));
  for (const name of ["e2e-alpha", "e2e-beta"]) await copyFile("/bin/sleep", join(folder, name));
  await copyFile("/bin/bash", join(folder, "e2e-parent"));
});
after(async () => {
  // A group each: a parent's children end with it.
  for (const child of started) {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of them have ended.
    }
  }
  await rm(folder, { recursive: true, force: true });
});

/** Starts a copy, which ends with the tests; resolves when it has its name. */
async function start(name, ...args) {
  const child = spawn(join(folder, name), args, {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  await new Promise((resolve) => child.once("spawn", resolve));
  return child;
}

const search = (page) => page.getByRole("searchbox", { name: "Search processes" });
const rows = (page) => page.locator(".grid-body [role=row]");
const pids = (page) =>
  rows(page).evaluateAll((all) => all.map((row) => Number(row.children[0].textContent)));

/** Waits until the rows are those of `expected`. */
function waitForPids(page, expected) {
  return until(
    async () => (await pids(page)).join() === expected.join(),
    `the rows are ${expected.join()}`,
  );
}

pageTest(server, "processes appear, are found and sorted, and disappear", async ({ page }) => {
  await signIn(page, server, "#/processes");
  const first = await start("e2e-alpha", "1001");
  await search(page).fill("e2e-");
  await waitForPids(page, [first.pid]);
  const second = await start("e2e-beta", "1002");
  const pidOrder = [first.pid, second.pid].sort((a, b) => a - b);

  await page.getByRole("button", { name: "PID", exact: true }).click();
  await waitForPids(page, pidOrder);
  const header = page.getByRole("columnheader", { name: "PID", exact: true });
  assert.equal(await header.getAttribute("aria-sort"), "ascending");
  await page.getByRole("button", { name: "PID", exact: true }).click();
  await waitForPids(page, pidOrder.toReversed());
  assert.equal(await header.getAttribute("aria-sort"), "descending");
  await page.getByText(/^2 of [\d,]+/).waitFor();

  // The address has the search and the order.
  await page.reload();
  await waitForPids(page, pidOrder.toReversed());
  assert.equal(await search(page).inputValue(), "e2e-");

  await search(page).fill("e2e- name:beta");
  await waitForPids(page, [second.pid]);
  await search(page).fill("e2e- -beta");
  await waitForPids(page, [first.pid]);
  await search(page).fill(`pid:${second.pid} state:sleeping`);
  await waitForPids(page, [second.pid]);
  await search(page).fill("e2e- >100G");
  await page.getByRole("heading", { name: "Nothing matches “e2e- >100G”" }).waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await rows(page).nth(3).waitFor();

  await search(page).fill("e2e-");
  await waitForPids(page, pidOrder.toReversed());
  first.kill("SIGKILL");
  await waitForPids(page, [second.pid]);
  second.kill("SIGKILL");
  await page.getByRole("heading", { name: "Nothing matches “e2e-”" }).waitFor();
});

pageTest(server, "an incomplete search says what is wrong and keeps the rows", async ({ page }) => {
  await signIn(page, server, "#/processes?q=stack%3Ashown");
  await rows(page).nth(1).waitFor();
  assert.equal(await rows(page).count(), 2);
  await search(page).fill("stack:shown cpu>x");
  await page.locator("#search-help").getByRole("alert").waitFor();
  assert.equal(await search(page).getAttribute("aria-invalid"), "true");
  assert.equal(await rows(page).count(), 2);
});

pageTest(server, "the tree shows children below their parents, with sums", async ({ page }) => {
  const parent = await start(
    "e2e-parent",
    "-c",
    `${join(folder, "e2e-alpha")} 1001 & echo up; wait`,
  );
  await new Promise((resolve) => parent.stdout.once("data", resolve));
  await signIn(page, server, "#/processes?q=name%3Ae2e-alpha");
  await rows(page).first().waitFor();
  assert.equal(await rows(page).count(), 1);
  await page.getByRole("button", { name: "Tree" }).click();
  const tree = page.getByRole("treegrid", { name: "Processes" });
  await tree.waitFor();
  // Ancestors of what matches come with it.
  const line = (name) => tree.locator("[role=row][aria-level]").filter({ hasText: name });
  const above = line("e2e-parent").first();
  const below = line("e2e-alpha").last();
  await above.waitFor();
  const level = Number(await above.getAttribute("aria-level"));
  assert.equal(Number(await below.getAttribute("aria-level")), level + 1);
  await page.getByRole("columnheader", { name: "Σ Memory" }).waitFor();

  await above.getByRole("button", { name: "Hide the children" }).click();
  await until(async () => (await above.getAttribute("aria-expanded")) === "false", "it is closed");
  await above.focus();
  await page.keyboard.press("ArrowRight");
  await until(async () => (await above.getAttribute("aria-expanded")) === "true", "it is open");
  // Its child is the only one with this command line at its beginning.
  const child = Number(
    await below.evaluate((row) => row.querySelector("[role=gridcell]").textContent),
  );
  parent.kill("SIGKILL");
  process.kill(child, "SIGKILL");
});

pageTest(
  server,
  "the drawer follows one process, to its end",
  async ({ page }) => {
    const child = await start("e2e-alpha", "1004");
    await signIn(page, server, "#/processes?q=name%3Ae2e-alpha");
    await waitForPids(page, [child.pid]);
    await rows(page).first().click();
    const drawer = page.getByRole("complementary", { name: "Details of the process" });
    await drawer.getByRole("heading", { name: `e2e-alpha ${child.pid}` }).waitFor();
    await drawer
      .getByText(`${join(folder, "e2e-alpha")} 1004`)
      .first()
      .waitFor();
    assert.match(page.url(), new RegExp(`#/processes/${child.pid}\\?`));
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute("role")),
      "row",
      "the focus is on the row again",
    );
    await page.keyboard.press("Enter");
    // Its details are there: there is something to keep.
    await drawer.getByRole("heading", { name: `e2e-alpha ${child.pid}` }).waitFor();
    child.kill("SIGKILL");
    await drawer.getByText("The process has ended").waitFor();
    await drawer
      .getByText(`${join(folder, "e2e-alpha")} 1004`)
      .first()
      .waitFor();
  },
  { expected: /status of 404/ },
);

pageTest(server, "a process of a stack leads to its stack and back", async ({ page }) => {
  await signIn(page, server, "#/processes?q=stack%3Ashown");
  await rows(page).nth(1).waitFor();
  await rows(page).first().click();
  const drawer = page.getByRole("complementary", { name: "Details of the process" });
  await drawer.getByRole("link", { name: /shown/ }).first().click();
  const table = page.getByRole("table", { name: "Instances of web" });
  const known = (await server.instances()).map(({ pid }) => String(pid));
  await table.getByRole("link", { name: known[0], exact: true }).click();
  await drawer.getByRole("heading", { name: `sleep ${known[0]}` }).waitFor();
});

pageTest(server, "a pause holds the list", async ({ page }) => {
  const child = await start("e2e-beta", "1005");
  await signIn(page, server, "#/processes?q=e2e-beta");
  await waitForPids(page, [child.pid]);
  // In the stream, too: its first list may be of a scan before the process.
  await page.getByText(/^1 of [\d,]+/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/^Paused since/).waitFor();
  await until(
    async () => (await server.metric("tallyman_http_streams")) === 0,
    "the stream is closed",
  );
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  assert.deepEqual(await pids(page), [child.pid]);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: "Nothing matches “e2e-beta”" }).waitFor();
});

pageTest(server, "a hidden tab costs the server no stream", async ({ page }) => {
  // The server notices a closed connection when it writes to it: give it events.
  const streams = (count) =>
    until(async () => {
      await server.ask("POST", "/tokens", { name: "event", scopes: ["public"] });
      return (await server.metric("tallyman_http_streams")) === count;
    }, `${count} streams are open`);
  const hide = (isHidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await streams(0);
  await signIn(page, server, "#/processes");
  for (const [view, open] of [
    ["Processes", 1],
    ["Stacks", 1],
  ]) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
    await page.getByRole("heading", { name: view, level: 1 }).waitFor();
    await streams(open);
    await hide(true);
    await streams(0);
    await hide(false);
    await streams(open);
  }
});

pageTest(server, "columns are chosen, and the choice stays", async ({ page }) => {
  await signIn(page, server, "#/processes");
  await page.getByRole("button", { name: "Columns" }).click();
  const dialog = page.getByRole("dialog", { name: "Columns" });
  await dialog.getByRole("checkbox", { name: "Parent", exact: false }).check();
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("columnheader", { name: "Parent" }).waitFor();
  await page.reload();
  await page.getByRole("columnheader", { name: "Parent" }).waitFor();
});
