// Stacks: scaling that the kernel shows, definitions, actions that fail, logs, a new start.

import assert from "node:assert/strict";
import { makeToken, pageTest, rowOf, signIn, useServer, waitForText } from "./harness.mjs";
import { until } from "./server.mjs";

const LOST = /ERR_|Failed to load resource/;
const server = useServer(["--action_deadline=5s", "--settle_time=200ms"]);

/** The instances in the kernel whose command has the text. @param {string} text */
const inKernel = async (text) =>
  (await server.instances()).filter(({ command }) => command.includes(text));

const firstStack = async ({ page }) => {
  await signIn(page, server, "#/stacks");
  await page.getByText("There is no stack yet").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("first");
  const editor = page.getByRole("textbox", { name: "Procfile" });
  await editor.fill("web: sleep 7001\nthis is no process\n");
  await page
    .getByText(/line 2/i)
    .first()
    .waitFor();
  await editor.fill("web: sleep 7001\nmail: sleep 7002\n");
  await page.getByLabel("Instances of each").fill("2");
  await page.getByText("4 instances will start").waitFor();
  assert.equal((await inKernel("sleep 700")).length, 0, "a preview starts nothing");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("heading", { name: "first", level: 1 }).waitFor();
  await until(async () => (await inKernel("sleep 7001")).length === 2, "two of web run");
  await waitForText(rowOf(page, "mail").locator(".counts"), /^2 .*2$/);

  // Edited: one command changes, one process goes.
  await page.getByRole("button", { name: "Edit first" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Procfile" }).fill("web: sleep 7003\n");
  await dialog.getByText(/2 instances will stop, 2 instances will restart/).waitFor();
  await dialog.getByLabel("Changed lines").getByText("sleep 7003").waitFor();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await dialog.waitFor({ state: "detached" });
  await until(async () => (await inKernel("sleep 7003")).length === 2, "the new command runs");
  await until(async () => (await inKernel("sleep 7002")).length === 0, "mail has ended");

  // Deleted, after a look at what stops.
  await page.getByRole("button", { name: "Commands for the stack first" }).click();
  await page.getByRole("menuitem", { name: /Delete/ }).click();
  await page.getByRole("button", { name: "Stop 2 instances and delete" }).click();
  await page.getByText("There is no stack yet").waitFor();
  await until(async () => (await inKernel("sleep 7003")).length === 0, "all have ended");
};
// A stack may be gone when the page asks for its processes.
const TYPED_OR_GONE = /status of 400|status of 404 .*\/processes\?/;
pageTest(server, "the first stack is a pasted Procfile", firstStack, { expected: TYPED_OR_GONE });

pageTest(
  server,
  "the stepper scales real processes, and asks before none is left",
  async ({ page }) => {
    const uid = await server.makeStack("steps", "worker: sleep 7010\n", { worker: 1 });
    await signIn(page, server, `#/stacks/${uid}`);
    const row = rowOf(page, "worker", uid);
    await waitForText(row.locator(".counts"), /^1 .*1$/);
    const [survivor] = await inKernel("sleep 7010");
    const more = row.getByRole("button", { name: /^One more/ });
    await more.click();
    await more.click();
    await waitForText(row.locator(".counts"), /^3 .*3$/);
    const three = await inKernel("sleep 7010");
    assert.equal(three.length, 3);
    assert.ok(
      three.some(({ pid }) => pid === survivor.pid),
      "the first one is untouched",
    );
    await waitForText(row.locator(".action"), /done/);

    const field = row.getByRole("textbox", { name: /^Number of/ });
    await field.fill("0");
    await field.press("Enter");
    const question = page.getByRole("dialog", { name: "Stop all of worker?" });
    await question.getByRole("button", { name: "Cancel" }).click();
    await waitForText(row.locator(".counts"), /^3 .*3$/);
    assert.equal((await inKernel("sleep 7010")).length, 3);
    await field.fill("0");
    await field.press("Enter");
    await question.getByRole("button", { name: "Stop 3 instances" }).click();
    await waitForText(row.locator(".counts"), /^0 .*0$/);
    assert.equal((await inKernel("sleep 7010")).length, 0);
  },
);

pageTest(server, "a failed action shows the exit code and the last lines", async ({ page }) => {
  const uid = await server.makeStack("fails", "bad: echo no luck today; exit 3\n");
  await signIn(page, server, `#/stacks/${uid}`);
  const row = rowOf(page, "bad", uid);
  await row.getByRole("button", { name: /^One more/ }).click();
  const action = row.locator(".action.failed");
  await waitForText(action, /code 3/);
  await waitForText(action.locator(".last-lines"), /no luck today/);
  await action.getByRole("link", { name: "Open the log" }).click();
  await waitForText(page.getByRole("log"), /no luck today/);
  await server.ask("DELETE", `/stacks/${uid}`);
});

pageTest(server, "a log is followed through a restart", async ({ page }) => {
  const uid = await server.makeStack(
    "talks",
    'say: echo "begin $$"; trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done\n',
    { say: 1 },
  );
  await signIn(page, server, `#/stacks/${uid}/say?tab=logs`);
  const log = page.getByRole("log");
  await waitForText(log, /begin \d+/);
  const first = /begin (\d+)/.exec(await log.innerText())[1];
  await until(
    async () => (await server.metric("tallyman_http_streams")) === 2,
    "the page follows the events and the log, with a stream each",
  );
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  const question = page.getByRole("dialog");
  await question.getByRole("button", { name: /^Restart/ }).click();
  await waitForText(log, /bye/);
  await until(
    async () => (await log.innerText()).match(/begin \d+/g).length === 2,
    "the new one begins",
  );
  const text = await log.innerText();
  assert.notEqual(/bye[^]*begin (\d+)/.exec(text)[1], first);
  assert.equal(text.match(new RegExp(`begin ${first}`, "g")).length, 1, "nothing is there twice");
  // What happens to the instance is between its lines, each once.
  const count = async (pattern) => (await log.innerText()).match(pattern)?.length ?? 0;
  await until(async () => (await count(/say\.1 is asked to stop/g)) === 1, "the stop is shown");
  await until(async () => (await count(/say\.1 started again/g)) === 1, "the start is shown");

  await page.getByPlaceholder("Search (regular expression)").fill("by.$");
  await until(async () => !/begin/.test(await log.innerText()), "only matches are left");
  await waitForText(log, /bye/);
});

pageTest(
  server,
  "the page outlives a killed server",
  async ({ page }) => {
    const uid = await server.makeStack("lasts", "web: sleep 7020\n", { web: 2 });
    await signIn(page, server, `#/stacks/${uid}`);
    const row = rowOf(page, "web", uid);
    await waitForText(row.locator(".counts"), /^2 .*2$/);
    await server.kill();
    await page.getByText(/^Disconnected for/).waitFor();
    await waitForText(row.locator(".counts"), /^2 .*2$/);
    assert.equal((await inKernel("sleep 7020")).length, 2, "the instances go on");
    await server.start();
    await page.getByText(/^Disconnected for/).waitFor({ state: "detached" });
    // The same session and the same document are live again.
    await row.getByRole("button", { name: /^One more/ }).click();
    await waitForText(row.locator(".counts"), /^3 .*3$/);
    assert.equal((await inKernel("sleep 7020")).length, 3);
  },
  { expected: LOST },
);

pageTest(server, "a token without admin sees everything and changes nothing", async ({ page }) => {
  const uid = await server.makeStack("looked-at", "web: sleep 7030\n", { web: 1 });
  const token = await makeToken(server, "reader", ["public"]);
  await signIn(page, server, `#/stacks/${uid}`, token);
  await page.getByText("read only").waitFor();
  const row = rowOf(page, "web", uid);
  await waitForText(row.locator(".counts"), /^1 .*1$/);
  const more = row.getByRole("button", { name: /^One more/ });
  assert.equal(await more.getAttribute("aria-disabled"), "true");
  assert.match(await more.getAttribute("title"), /admin/);
  await more.click({ force: true });
  await row.getByRole("button", { name: "Commands for web" }).click();
  const restart = page.getByRole("menuitem", { name: /Restart/ }).first();
  assert.equal(await restart.getAttribute("aria-disabled"), "true");
  assert.equal((await inKernel("sleep 7030")).length, 1);
});
