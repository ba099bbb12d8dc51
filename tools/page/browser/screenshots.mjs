// Makes the pictures of docs/page.md: see ../screenshots.sh.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch, program } from "./browser.mjs";
import { Server } from "./server.mjs";
import { adoptSyntheticSession, startSyntheticApi } from "./synthetic_api.mjs";

const folder = process.argv[2];
const WIDE = { width: 1040, height: 440 };
const NARROW = { width: 360, height: 640 };
// Rates need two scans.
const SETTLED_MS = 6000;
const PROCFILE = [
  "web: while :; do echo GET /cart 200 12 ms; sleep 2; done",
  'mail: while :; do echo "sent to 3 readers"; sleep 5; done',
  'report: sleep 1; echo "no space left on device"; exit 28',
  "",
].join("\n");

const server = new Server(program, ["--server_name=shop-1"]);
await mkdir(folder, { recursive: true });
await server.start();
const browser = await launch();
const api = await startSyntheticApi(server.url, 240);

/**
 * @param {string} name
 * @param {string} url
 * @param {object} look
 * @param {(page: any) => Promise<void>} prepare
 */
async function take(name, url, look, prepare) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...look });
  if (url.startsWith(api.url)) await adoptSyntheticSession(context);
  const page = await context.newPage();
  await page.goto(url);
  await prepare(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
}

/** @param {string} text */
const signedIn = (text) => async (page) => {
  await page.getByLabel("Token", { exact: true }).fill(server.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(text).first().waitFor();
  await page.waitForTimeout(SETTLED_MS);
};
const settled = async (page) => {
  await page.getByRole("row").nth(3).waitFor();
  await page.waitForTimeout(SETTLED_MS);
};

try {
  const uid = await server.makeStack("shop", PROCFILE, { web: 3, mail: 1 });
  const { response } = await server.ask("GET", `/api/3/stacks/${uid}/servers`);
  await server.ask("POST", `/stacks/${uid}/processes`, {
    process_name: "report",
    server_count: { [response[0].uid]: 1 },
  });
  const dark = { colorScheme: "dark" };
  await take("processes", `${api.url}/#/processes`, { viewport: WIDE }, settled);
  await take(
    "processes-tree",
    `${api.url}/#/processes?tree=1`,
    { viewport: WIDE, ...dark },
    settled,
  );
  await take("stacks", `${server.url}/#/stacks`, { viewport: WIDE }, signedIn("no space left"));
  await take(
    "logs",
    `${server.url}/#/stacks/${uid}/web?tab=logs`,
    { viewport: WIDE, ...dark },
    signedIn("GET /cart"),
  );
  await take(
    "stacks-narrow",
    `${server.url}/#/stacks`,
    { viewport: NARROW, ...dark },
    signedIn("no space left"),
  );
  await take(
    "activity",
    `${server.url}/#/activity`,
    { viewport: WIDE, ...dark },
    signedIn("was created"),
  );
  await take(
    "tokens",
    `${server.url}/#/tokens`,
    { viewport: WIDE },
    signedIn("Sign out everywhere"),
  );
} finally {
  await api.close();
  await browser.close();
  await server.remove();
}
