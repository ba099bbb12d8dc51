// Widths, themes, keys, hostile texts, and barriers that axe-core finds.

import assert from "node:assert/strict";
import { barriers, overflow, pageTest, rowOf, signIn, useServer, waitForText } from "./harness.mjs";

const HTML = '<img src=x onerror="document.title=1"><b>bold</b>';
const RIGHT_TO_LEFT = "תורים מימין لليسار";
const LONG = "x".repeat(200);

let uid = "";
const server = useServer([], async (started) => {
  const { response } = await started.ask("POST", "/api/3/stacks", {
    name: `${RIGHT_TO_LEFT} <i>s</i>`.slice(0, 60),
    environment: "<u>test</u>",
    processes: [
      { name: "web", command: `sleep 7100; echo '${HTML} ${RIGHT_TO_LEFT} ${LONG}'`, instances: 1 },
      {
        name: "loud",
        command: `echo '${HTML} ${RIGHT_TO_LEFT} ${LONG}'; exec sleep 7101`,
        instances: 1,
      },
      { name: "crash", command: "echo out of luck; exit 3", instances: 1 },
    ],
  });
  ({ uid } = response);
});

const views = () => [
  ["#/processes", (page) => page.getByRole("row").nth(3).waitFor()],
  ["#/processes?tree=1", (page) => page.getByRole("row").nth(3).waitFor()],
  ["#/processes?q=nothing-like-this", (page) => page.getByText(/Nothing matches/).waitFor()],
  ["#/processes/1", (page) => page.getByText("Command line").first().waitFor()],
  ["#/stacks", (page) => rowOf(page, "web", uid).waitFor()],
  [`#/stacks/${uid}/loud`, (page) => page.getByText("sleep 7101").first().waitFor()],
  [`#/stacks/${uid}/loud?tab=logs`, (page) => waitForText(page.getByRole("log"), /bold/)],
  [
    `#/stacks/${uid}/crash?tab=activity`,
    (page) =>
      page
        .getByText(/code 3/)
        .first()
        .waitFor(),
  ],
  [
    "#/activity",
    (page) =>
      page
        .getByText(/was created/)
        .first()
        .waitFor(),
  ],
  ["#/tokens", (page) => page.getByText("Sign out everywhere").waitFor()],
];

for (const [width, colorScheme] of /** @type {[number, "light"|"dark"][]} */ ([
  [360, "dark"],
  [1440, "light"],
  [360, "light"],
  [1440, "dark"],
])) {
  pageTest(
    server,
    `every view fits into ${width} px and has no barrier, ${colorScheme}`,
    async ({ page }) => {
      await page.goto(server.url);
      await page.getByRole("dialog").waitFor();
      await barriers(page);
      await signIn(page, server, "#/activity");
      for (const [hash, isThere] of views()) {
        await page.goto(`${server.url}/${hash}`);
        await isThere(page);
        assert.equal(await overflow(page), "", `${hash} at ${width} px`);
        await barriers(page);
      }
      await page.goto(`${server.url}/#/stacks`);
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Help" }).waitFor();
      await barriers(page);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "New stack" }).click();
      await page.getByLabel("Name", { exact: true }).fill("new");
      await page.getByRole("textbox", { name: "Procfile" }).fill("web: sleep 1\nwrong\n");
      await page
        .getByText(/line 2/i)
        .first()
        .waitFor();
      await barriers(page);
    },
    { width, colorScheme, height: width < 640 ? 740 : 900, expected: /status of 400/ },
  );
}

pageTest(server, "texts of users are texts", async ({ page }) => {
  await signIn(page, server, `#/stacks/${uid}/loud?tab=logs`);
  const log = page.getByRole("log");
  await waitForText(log, /bold/);
  assert.ok((await log.innerText()).includes(HTML));
  for (const [hash, isThere] of views()) {
    await page.goto(`${server.url}/${hash}`);
    await isThere(page);
    assert.equal(await page.locator("img, b > b, main i:not(.guide), main u").count(), 0, hash);
    assert.match(await page.title(), /Tallyman$/);
  }
});

pageTest(server, "everything is at hand without a mouse", async ({ page }) => {
  await signIn(page, server, "#/processes");
  await page.getByRole("row").nth(3).waitFor();
  const heading = (name) => page.getByRole("heading", { name, level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await heading("Tokens");
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.keyboard.press("/");
  await page.keyboard.type("name:sleep");
  await page.getByRole("row").filter({ hasText: "sleep" }).first().waitFor();
  // The first one empties the field, the second one goes to the list.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/processes\/\d+/);
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/processes(\?|$)/);
  await page.keyboard.press("t");
  await page.waitForURL(/tree=1/);

  // Without single keys only those that need no decision are left.
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Help" });
  await help.getByRole("checkbox", { name: "Shortcuts of single keys" }).uncheck();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("t");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  assert.match(page.url(), /#\/processes\?.*tree=1/);

  // Tab reaches the views and the commands of a row.
  await page.goto(`${server.url}/#/stacks`);
  await rowOf(page, "web", uid).waitFor();
  const reached = new Set();
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press("Tab");
    reached.add(
      await page.evaluate(() => {
        const one = document.activeElement;
        return one?.getAttribute("aria-label") ?? one?.textContent?.trim();
      }),
    );
  }
  for (const name of [
    "Skip to the content",
    "Activity",
    "web",
    "One more of the instances of web",
    "Commands for web",
  ]) {
    assert.ok(
      [...reached].some((one) => one?.startsWith(name)),
      `${name}: ${[...reached].join(", ")}`,
    );
  }
});
