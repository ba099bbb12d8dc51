// The page of a real server, before an API of synthetic processes: as many as a driver asks for,
// of which one in a hundred changes with each scan.

import { createServer, request as httpRequest } from "node:http";

const BEGIN_MS = Date.parse("2026-01-05T06:00:00Z");
// Of the list that pictures show: programs of a small web server.
const PROGRAMS = /** @type {const} */ ([
  ["systemd", "root", "/sbin/init"],
  ["sshd", "root", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"],
  ["nginx", "root", "nginx: master process /usr/sbin/nginx -g daemon on;"],
  ["nginx", "www-data", "nginx: worker process"],
  ["postgres", "postgres", "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main"],
  ["postgres", "postgres", "postgres: 15/main: app shop 10.0.0.7(41822) idle"],
  ["node", "app", "node /srv/shop/web.js --port=3000"],
  ["node", "app", "node /srv/shop/worker.js --queue=mail"],
  ["redis-server", "redis", "/usr/bin/redis-server 127.0.0.1:6379"],
  ["python3", "app", "python3 -m report.nightly --token=***"],
  ["cron", "root", "/usr/sbin/cron -f"],
  ["java", "search", "java -Xmx2g -jar /srv/search/search.jar"],
]);
const STATES = ["sleeping", "sleeping", "sleeping", "sleeping", "running", "idle", "disk-sleep"];

/** Numbers that are the same in each run. @returns {() => number} From 0 to 1. */
function randomNumbers() {
  let seed = 1;
  return () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
}

/** @param {number} ms */
const iso = (ms) => new Date(ms).toISOString().replace("Z", "+00:00");

/**
 * @param {string} pageUrl  Of the real server, from which `/` and `/assets/` come.
 * @param {number} count
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function startSyntheticApi(pageUrl, count) {
  const random = randomNumbers();
  const processes = Array.from({ length: count }, (_, i) => {
    const pid = i + 1;
    const [name, user, commandLine] = PROGRAMS[i === 0 ? 0 : 1 + (i % (PROGRAMS.length - 1))];
    return {
      pid,
      ppid: i === 0 ? 0 : i < PROGRAMS.length ? 1 : 1 + Math.floor(random() * PROGRAMS.length),
      name,
      user,
      command_line: commandLine,
      state: STATES[Math.floor(random() * STATES.length)],
      memory: Math.floor(2 ** (21 + random() * 9)),
      peak_memory: 2 ** 30,
      num_threads: 1 + Math.floor(random() * 24),
      cpu_seconds: Math.floor(random() * 90000) / 100,
      start_time: iso(BEGIN_MS + pid * 1700),
    };
  });
  const pick = (one, fields) => Object.fromEntries(fields.map((key) => [key, one[key] ?? ""]));

  const change = () => {
    const changed = new Map();
    for (let i = 0; i < Math.ceil(count / 100); ++i) {
      const one = processes[Math.floor(random() * count)];
      one.cpu_seconds = Math.round((one.cpu_seconds + random()) * 100) / 100;
      one.memory = Math.floor(one.memory * (0.95 + random() / 10));
      changed.set(one.pid, pick(one, ["pid", "start_time", "cpu_seconds", "memory"]));
    }
    return [...changed.values()];
  };

  const watch = (response, fields, interval) => {
    let time = Date.now();
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const send = (event, data) =>
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send("snapshot", { time: iso(time), processes: processes.map((one) => pick(one, fields)) });
    const timer = setInterval(() => {
      time += interval;
      send("difference", { time: iso(time), entered: [], changed: change(), gone: [] });
    }, interval);
    response.on("close", () => clearInterval(timer));
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const json = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (url.pathname === "/" || url.pathname.startsWith("/assets/")) {
      const from = httpRequest(pageUrl + url.pathname, { headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      from.end();
      return;
    }
    if (url.pathname === "/session") {
      json(200, { session: SESSION });
      return;
    }
    const fields = [
      ...new Set([...(url.searchParams.get("fields") ?? "").split(","), "pid", "start_time"]),
    ];
    if (url.pathname === "/server/processes" && url.searchParams.has("watch")) {
      watch(response, fields, parseFloat(url.searchParams.get("watch") ?? "2") * 1000);
      return;
    }
    if (url.pathname === "/server/processes") {
      const first = [...processes].sort((a, b) => b.memory - a.memory);
      const data = first
        .slice(0, Number(url.searchParams.get("limit")))
        .map((one) => pick(one, fields));
      json(200, { status_code: 200, status_desc: "Ok", data, time_generated: iso(Date.now()) });
      return;
    }
    if (url.pathname === "/stacks" || url.pathname === "/api/3/stacks") {
      json(200, { response: [], count: 0, pagination: { next: null } });
      return;
    }
    json(404, { error: "not_found", error_description: "", details: url.pathname });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const SESSION = {
  id: 1,
  key: "k",
  token: {
    id: 1,
    name: "admin",
    scopes: ["public", "admin"],
    created_at: "2026-01-05T06:00:00Z",
    expires_at: null,
    revoked_at: null,
    hourly_limit: 3600,
    daily_limit: 0,
  },
  created_at: "2026-01-05T06:00:00Z",
  last_used_at: "2026-01-05T06:00:00Z",
  expires_at: "2026-02-04T06:00:00Z",
  idle_expires_at: "2026-01-06T06:00:00Z",
  user_agent: "",
  address: "127.0.0.1",
  current: true,
};

/** Lets a page go on with the session of startSyntheticApi(). @param {any} context */
export function adoptSyntheticSession(context) {
  return context.addInitScript(() => sessionStorage.setItem("tallyman.session", "k"));
}
