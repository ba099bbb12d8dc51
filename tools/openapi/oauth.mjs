// A published OAuth client finds the server by its metadata, fetches a token in
// both ways to authenticate, uses it and revokes it.

import * as oauth from "oauth4webapi";

function check(condition, what) {
  if (!condition) throw new Error(what);
}

const issuer = new URL(process.argv[2]);
const admin = process.env.TALLYMAN_TOKEN;
const insecure = { [oauth.allowInsecureRequests]: true }; // Loopback without TLS.

const made = await fetch(new URL("/oauth/clients", issuer), {
  method: "POST",
  headers: { Authorization: `Bearer ${admin}`, "Content-Type": "application/json" },
  body: JSON.stringify({ name: "published", scopes: ["public"], token_lifetime: 60 }),
});
check(made.status === 201, "no client was made");
const { client_id, client_secret } = (await made.json()).response[0];

const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }),
);
const client = { client_id };

async function use(token) {
  const answer = await fetch(new URL("/stacks", issuer), {
    headers: { Authorization: `Bearer ${token}` },
  });
  return answer.status;
}

for (const way of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
  const authenticate = way(client_secret);
  const parameters = new URLSearchParams({ scope: "public" });
  const token = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(server, client, authenticate, parameters, insecure),
  );
  check(token.expires_in === 60 && token.scope === "public", "another token");
  check((await use(token.access_token)) === 200, "the token does not work");
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, authenticate, token.access_token, insecure),
  );
  check((await use(token.access_token)) === 401, "the token still works");
}

const refused = await oauth
  .processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic(client_secret),
      { scope: "admin" },
      insecure,
    ),
  )
  .catch((error) => error);
check(refused.error === "invalid_scope", "a client got a scope that it lacks");

console.log(`a published OAuth client fetches tokens from ${server.token_endpoint}`);
