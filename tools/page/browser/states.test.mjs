// Dialogs and the states in between: too many requests, no connection, no session.

import assert from "node:assert/strict";
import { barriers, makeToken, overflow, pageTest, rowOf, signIn, useServer } from "./harness.mjs";
import { until } from "./server.mjs";

const LOST = /ERR_|Failed to load resource/;

// A second tab of the same token has too many streams.
const server = useServer(["--max_process_streams_per_token=1"]);

const processRows = (page) => page.locator(".grid-body [role=row]");

pageTest(
  server,
  "too many streams: the page says how long it waits, and goes on by itself",
  async ({ page, context }) => {
    const token = await makeToken(server, "two tabs", ["public"]);
    await signIn(page, server, "#/processes", token);
    await until(
      async () => (await server.metric("tallyman_http_streams")) === 1,
      "the first tab follows the processes",
    );
    const second = await context.newPage();
    await second.goto(`${server.url}/#/processes`);
    await second.getByText(/again in \d+ s/).waitFor();
    await second.getByRole("alert").waitFor();
    // The first rows came without a stream, and stay.
    await processRows(second).nth(3).waitFor();
    await barriers(second);
    await page.close();
    await second.getByText(/again in \d+ s/).waitFor({ state: "detached" });
    await second.getByText(/^[\d,]+ processes$/).waitFor();
  },
  { expected: /status of 429/ },
);

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  pageTest(
    server,
    `dialogs fit into 360 px and have no barrier, ${colorScheme}`,
    async ({ page }) => {
      const uid = await server.makeStack(`dialogs-${colorScheme}`, "web: sleep 7200\n", { web: 1 });
      const title = `dialogs-${colorScheme}`;
      const look = async (what) => {
        await what.first().waitFor();
        await barriers(page);
        assert.equal(await overflow(page), "");
      };
      const dialog = page.getByRole("dialog");
      const close = async () => {
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
      };
      await signIn(page, server, `#/stacks/${uid}`);
      const row = rowOf(page, "web", uid);
      const choose = async (menu, item) => {
        await page.getByRole("button", { name: menu, exact: true }).click();
        await look(page.getByRole("menu"));
        await page.getByRole("menuitem", { name: item }).click();
      };
      await row.waitFor();
      await choose("Commands for web", /Signal/);
      await look(dialog.getByRole("button", { name: "Send HUP" }));
      await close();
      await choose("Commands for web", /curl/);
      await look(dialog.getByText("TALLYMAN_TOKEN").first());
      await close();
      await choose(`Commands for the stack ${title}`, /Delete/);
      await look(dialog.getByRole("button", { name: "Stop 1 instance and delete" }));
      await close();
      await page.getByRole("button", { name: `Edit ${title}` }).click();
      await dialog.getByRole("textbox", { name: "Procfile" }).fill("web: sleep 7201\n");
      await look(dialog.getByLabel("Changed lines"));
      await close();
      const field = row.getByRole("textbox", { name: /^Number of/ });
      await field.fill("0");
      await field.press("Enter");
      await look(page.getByRole("dialog", { name: "Stop all of web?" }));
      await close();

      await page.goto(`${server.url}/#/tokens`);
      await page.getByRole("button", { name: "Create token" }).click();
      await look(dialog.getByLabel("Name"));
      await dialog.getByLabel("Name").fill(title);
      await dialog.getByRole("button", { name: "Create", exact: true }).click();
      const done = dialog.getByRole("button", { name: "I have copied it" });
      await look(done);
      await done.click();
      await page.getByRole("button", { name: `Revoke ${title}` }).click();
      await look(dialog.getByRole("button", { name: "Revoke" }));
      await close();

      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto(`${server.url}/#/processes`);
      await page.getByRole("button", { name: "Columns" }).click();
      await look(page.getByRole("dialog", { name: "Columns" }));
    },
    { colorScheme, width: 360, height: 740 },
  );

  pageTest(
    server,
    `a lost connection and an ended session have no barrier, ${colorScheme}`,
    async ({ page }) => {
      const token = await makeToken(server, "short", ["public"]);
      await signIn(page, server, "#/processes", token);
      await processRows(page).nth(3).waitFor();
      await page.getByText(/^[\d,]+ processes$/).waitFor();
      await server.kill();
      await page.getByText(/^Disconnected for/).waitFor();
      await page.getByText(/^Trying again/).waitFor();
      assert.ok((await processRows(page).count()) > 3, "the data stays");
      assert.equal(await overflow(page), "");
      await barriers(page);
      // Before the start: after it the page may have gone on by itself.
      await page.getByRole("button", { name: "Try now" }).click();
      await page.getByText(/^Disconnected for/).waitFor();
      await server.start();
      await page.getByText(/^Disconnected for/).waitFor({ state: "detached" });

      const tokens = (await server.ask("GET", "/tokens?per_page=100")).response;
      for (const { id, name } of tokens) {
        if (name === "short") await server.ask("DELETE", `/tokens/${id}`);
      }
      const dialog = page.getByRole("dialog", { name: "Sign in again" });
      await dialog.waitFor();
      assert.equal(await overflow(page), "");
      await barriers(page);
      await dialog.getByLabel("Token", { exact: true }).fill(server.token);
      await dialog.getByRole("button", { name: "Sign in" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText(/^[\d,]+ processes$/).waitFor();
    },
    { colorScheme, width: 360, height: 740, expected: LOST },
  );
}
