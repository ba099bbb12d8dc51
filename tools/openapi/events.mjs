// A published client of server-sent events (the interface of browsers, with a
// `fetch` of one's own for the token) follows events, resumes after one of them,
// and watches processes.

import { EventSource } from "eventsource";

function check(condition, what) {
  if (!condition) throw new Error(what);
}

const server = new URL(process.argv[2]);
const authorization = { Authorization: `Bearer ${process.env.TALLYMAN_TOKEN}` };

function open(path, headers = {}) {
  return new EventSource(new URL(path, server), {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, ...authorization, ...headers } }),
  });
}

// The next event of this type; an error ends the program.
function next(source, type) {
  return new Promise((resolve, reject) => {
    source.addEventListener(type, resolve, { once: true });
    source.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
  });
}

function opened(source) {
  return next(source, "open");
}

async function makeToken(name) {
  const made = await fetch(new URL("/tokens", server), {
    method: "POST",
    headers: { ...authorization, "Content-Type": "application/json" },
    body: JSON.stringify({ name, scopes: ["public"] }),
  });
  check(made.status === 201, "no token was made");
}

const events = open("/events?after=now&kind=token_created");
await opened(events);
const first = next(events, "token_created");
await makeToken("first");
const { lastEventId, data } = await first;
events.close();
check(JSON.parse(data).cause.includes('"first"'), "another event came");
check(String(JSON.parse(data).id) === lastEventId, "the event has another id");

await makeToken("second"); // While nobody follows.
const resumed = open("/events?kind=token_created", { "Last-Event-ID": lastEventId });
const second = await next(resumed, "token_created");
resumed.close();
check(JSON.parse(second.data).cause.includes('"second"'), "an event was lost or repeated");

const processes = open(`/server/processes?watch=500ms&fields=name,cpu_seconds`);
const snapshot = JSON.parse((await next(processes, "snapshot")).data);
check(
  snapshot.processes.some(({ pid }) => pid === process.pid),
  "this process is not in the list",
);
// This process has used processor time meanwhile.
let difference;
do {
  difference = JSON.parse((await next(processes, "difference")).data);
} while (!difference.changed.some(({ pid }) => pid === process.pid));
processes.close();

console.log(`a published client of events follows and resumes ${server.href}events`);
