// Signing in and out, tokens made in the page, and requests of strangers.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { makeToken, pageTest, signIn, useServer } from "./harness.mjs";
import { until } from "./server.mjs";

const REFUSED = /status of 401/;
const server = useServer([], (started) => started.makeStack("app", "web: sleep 1000\n"));

const views = (page) => page.getByRole("navigation", { name: "Views" });
const signInDialog = (page) => page.getByRole("dialog", { name: /^Sign in/ });

pageTest(
  server,
  "the address of the first start signs in once",
  async ({ page, open }) => {
    await page.goto(server.signInUrl);
    await views(page).waitFor();
    assert.equal(page.url(), `${server.url}/`, "the code leaves the address");
    assert.equal(await page.evaluate(() => history.length), 2, "and the history");
    await page.reload();
    await views(page).waitFor();

    const other = await (await open()).newPage();
    await other.goto(server.signInUrl);
    const dialog = signInDialog(other);
    await dialog.getByText(/code/).first().waitFor();
    assert.match(await dialog.locator(".notice").innerText(), /code .*(used|once)/);
    assert.equal(other.url(), `${server.url}/`);
    // The token works in the same dialog.
    await dialog.getByLabel("Token", { exact: true }).fill(server.token);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await views(other).waitFor();
  },
  { expected: REFUSED },
);

pageTest(
  server,
  "a wrong token is refused with its reason, many are throttled",
  async ({ page }) => {
    await page.goto(server.url);
    const dialog = signInDialog(page);
    const field = dialog.getByLabel("Token", { exact: true });
    const button = dialog.getByRole("button", { name: "Sign in" });
    await button.click();
    await dialog.getByText("Paste a token.").waitFor();
    await field.fill(`tly_${"x".repeat(43)}`);
    await button.click();
    await dialog.getByText("the token is unknown; check that it was copied whole").waitFor();
    await until(async () => {
      if (await dialog.getByText(/The server waits \d+ s/).count()) return true;
      if (await button.isEnabled()) await button.click();
      return false;
    }, "the server throttles");
    assert.equal(await button.isDisabled(), true);
    // A valid token is not held up longer than the page says.
    await field.fill(server.token);
    await button.click();
    await views(page).waitFor();
  },
  { expected: /status of (401|429)/ },
);

pageTest(
  server,
  "a second tab is signed in by the first, and signed out with it",
  async ({ page, context }) => {
    await signIn(page, server);
    const second = await context.newPage();
    await second.goto(`${server.url}/#/activity`);
    await views(second).waitFor();
    await second.getByRole("heading", { name: "Activity" }).waitFor();

    await page.getByRole("button", { name: /^Signed in as/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await signInDialog(page).waitFor();
    await signInDialog(second).getByText("Another tab signed out.").waitFor();
    assert.deepEqual(await context.cookies(), [], "the cookie is gone");

    // Signing in again in one signs in the other.
    await signInDialog(second).getByLabel("Token", { exact: true }).fill(server.token);
    await signInDialog(second).getByRole("button", { name: "Sign in" }).click();
    await signInDialog(second).waitFor({ state: "detached" });
    await signInDialog(page).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "app" }).waitFor();
  },
);

pageTest(
  server,
  "a token made in the page works until it is revoked",
  async ({ page, open }) => {
    await signIn(page, server, "#/tokens");
    await page.getByRole("button", { name: "Create token" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("ci");
    await dialog.getByRole("radio", { name: /admin/ }).check();
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    const token = await dialog.locator(".secret code").first().innerText();
    assert.match(token, /^tly_[\w-]{43}$/);
    await dialog.getByRole("button", { name: "I have copied it" }).click();
    await page.getByRole("cell", { name: "ci", exact: true }).waitFor();

    const ask = () =>
      fetch(`${server.url}/server/processes`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await ask()).status, 200);

    const user = await (await open()).newPage();
    await signIn(user, server, "#/processes", token);
    await user.getByRole("row").nth(2).waitFor();

    await page.getByRole("button", { name: "Revoke ci" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("The token ci is revoked.").waitFor();
    // The page of the token asks to sign in again, over what it had shown.
    await signInDialog(user).waitFor();
    assert.ok((await user.getByRole("row", { includeHidden: true }).count()) > 2);
    assert.equal((await ask()).status, 401);
  },
  { expected: REFUSED },
);

pageTest(
  server,
  "sessions are listed and end one by one or all together",
  async ({ page, open }) => {
    const token = await makeToken(server, "shared", ["public"]);
    const other = await (await open()).newPage();
    await signIn(page, server, "#/tokens", token);
    await signIn(other, server, "#/tokens", token);
    await page.reload();
    await page.getByText("this one").waitFor();
    const ends = page.getByRole("button", { name: /^End: / });
    await ends.first().waitFor();
    assert.equal(await ends.count(), 1, "only those of the own token");
    await ends.click();
    await page.getByText("The session has ended.").waitFor();
    await other.reload();
    await signInDialog(other).waitFor();

    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await signInDialog(page).getByText("You are signed out everywhere.").waitFor();
  },
  { expected: REFUSED },
);

/** Pages of somebody else: on another port of the same host, and on another host. */
const stranger = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>Stranger</title>");
});
before(() => new Promise((resolve) => stranger.listen(0, resolve)));
after(() => stranger.close());

for (const [what, host] of [
  ["another port of the same host", "127.0.0.1"],
  ["another host", "localhost"],
]) {
  pageTest(
    server,
    `pages of ${what} cannot use the session`,
    async ({ page, context }) => {
      await signIn(page, server);
      const key = await page.evaluate(() => sessionStorage.getItem("tallyman.session"));
      const uid = (await server.ask("GET", "/api/3/stacks")).response[0].uid;
      const answers = [];
      const evil = await context.newPage();
      await evil.goto(`http://${host}:${stranger.address().port}/`);
      evil.on("response", (response) => answers.push(response.status()));
      const outcome = await evil.evaluate(
        async ({ url, key, uid }) => {
          const read = async (path, options) => {
            try {
              const response = await fetch(url + path, { credentials: "include", ...options });
              return response.type === "opaque" ? "opaque" : `read ${response.status}`;
            } catch {
              return "blocked";
            }
          };
          // Nothing that the other origin keeps can be seen from here.
          const channel = new BroadcastChannel("tallyman.session");
          const told = new Promise((resolve) => {
            channel.onmessage = ({ data }) => resolve(data);
            setTimeout(() => resolve(null), 500);
          });
          channel.postMessage({ type: "ask" });
          return {
            stored: sessionStorage.getItem("tallyman.session"),
            told: await told,
            simple: await read("/server/processes", {}),
            // Even if the key got out.
            withKey: await read("/server/processes", { headers: { "X-Tallyman-Session": key } }),
            opaque: await read("/server/processes", { mode: "no-cors" }),
            action: await read(`/stacks/${uid}/actions`, {
              method: "POST",
              mode: "no-cors",
              headers: { "Content-Type": "text/plain" },
              body: JSON.stringify({ command: "restart" }),
            }),
            end: await read("/session", { method: "DELETE" }),
          };
        },
        { url: server.url, key, uid },
      );
      assert.deepEqual(outcome, {
        stored: null,
        told: null,
        simple: "blocked",
        withKey: "blocked",
        opaque: "opaque",
        action: "opaque",
        end: "blocked",
      });
      // Preflights aside, all that reached the server was refused.
      assert.ok(answers.length > 0);
      assert.ok(
        answers.every((status) => status === 401 || status === 204),
        `answers: ${answers}`,
      );
      assert.equal(
        (await server.ask("GET", `/stacks/${uid}/events`)).response.filter(
          ({ event }) => event === "action_started",
        ).length,
        0,
      );
      // The session has survived all that.
      await page.reload();
      await views(page).waitFor();
    },
    { expected: /CORS policy|net::ERR_FAILED|status of 401/ },
  );
}

pageTest(
  server,
  "half a session is refused, and says which half is missing",
  async ({ page, context }) => {
    await signIn(page, server);
    const key = await page.evaluate(() => sessionStorage.getItem("tallyman.session"));
    const cookie = (await context.cookies())
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
    const other = await (async () => {
      const made = await fetch(`${server.url}/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: server.token }),
      });
      return (await made.json()).session.key;
    })();
    const ask = async (headers) => {
      const response = await fetch(`${server.url}/api/3/stacks`, { headers });
      const { details } = await response.json();
      assert.equal(response.headers.get("Access-Control-Allow-Credentials"), null);
      return [response.status, details ?? ""];
    };
    const same = { "Sec-Fetch-Site": "same-origin" };
    const both = { Cookie: cookie, "X-Tallyman-Session": key };
    assert.deepEqual(await ask({ ...both, ...same }), [200, ""]);
    for (const [headers, reason] of [
      [{ Cookie: cookie, ...same }, /X-Tallyman-Session/],
      [{ "X-Tallyman-Session": key, ...same }, /cookie/],
      [{ ...both, "X-Tallyman-Session": other, ...same }, /./],
      [{ ...both, "Sec-Fetch-Site": "same-site" }, /Sec-Fetch-Site|origin|site/],
      [{ ...both, "Sec-Fetch-Site": "cross-site" }, /Sec-Fetch-Site|origin|site/],
      [{ ...both, Origin: "http://127.0.0.1:1" }, /[Oo]rigin/],
    ]) {
      const [status, details] = await ask(headers);
      assert.equal(status, 401, JSON.stringify(headers));
      assert.match(details, reason);
    }
  },
);
