// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOf, expiryOf, limitsOf, stateOf } from "./words.js";

const NOW = Date.parse("2026-11-22T00:10:09Z");

test("states", () => {
  assert.equal(stateOf({ revoked_at: null, expires_at: null }, NOW), "valid");
  assert.equal(stateOf({ revoked_at: null, expires_at: "2026-11-22T00:10:10Z" }, NOW), "valid");
  assert.equal(stateOf({ revoked_at: null, expires_at: "2026-11-22T00:10:09Z" }, NOW), "expired");
  assert.equal(stateOf({ revoked_at: "2026-11-22T00:00:00Z", expires_at: null }, NOW), "revoked");
});

test("browsers", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
  /** @type {[string, string][]} */
  const cases = [
    [`${chrome} Chrome/120.0.0.0 Safari/537.36`, "Chrome 120 on Linux"],
    [`${chrome} HeadlessChrome/120.0.0.0 Safari/537.36`, "Chrome 120 on Linux"],
    [`${chrome} Chrome/120.0.0.0 Safari/537.36 Edg/121.0`, "Edge 121 on Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
      "Firefox 128 on Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1",
      "Safari 17 on iPhone",
    ],
    ["curl/8.5.0", "curl"],
    ["", "Unknown browser"],
  ];
  for (const [agent, words] of cases) assert.equal(browserOf(agent), words);
});

test("limits", () => {
  assert.equal(limitsOf({ hourly_limit: 3600, daily_limit: 0 }), "3,600 an hour");
  assert.equal(limitsOf({ hourly_limit: 60, daily_limit: 1000 }), "60 an hour, 1,000 a day");
});

test("expiry", () => {
  assert.equal(expiryOf("never", "", NOW), null);
  assert.equal(expiryOf("30", "", NOW), "2026-12-22T00:10:09Z");
  assert.equal(expiryOf("date", "", NOW), undefined);
  assert.equal(expiryOf("date", "2020-01-01", NOW), undefined);
  assert.equal(
    expiryOf("date", "2027-01-31", NOW),
    `${new Date(2027, 1, 1).toISOString().slice(0, 19)}Z`,
  );
});
