// A client of the generated types: lists processes of the machine, makes a stack,
// reads an error. The compiler checks each address, parameter, body and answer
// against the description.

import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: {
  argv: string[];
  pid: number;
  env: Record<string, string | undefined>;
};

function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

// Lists can also be streams; this client reads JSON.
const client = createClient<paths, "application/json">({
  baseUrl: process.argv[2],
  headers: { Authorization: `Bearer ${process.env["TALLYMAN_TOKEN"]}` },
  // Lists have commas, as the description says; it is not the default here.
  querySerializer: { array: { style: "form", explode: false } },
});

const listed = await client.GET("/server/processes", {
  params: { query: { fields: ["pid", "name", "memory"], sort: "-memory" } },
});
check(listed.data, "no processes");
const self = listed.data.data.find((each) => each.pid === process.pid);
check(self?.memory !== undefined && self.memory > 0, "this process is not listed");

const made = await client.POST("/api/3/stacks", {
  body: { name: "generated", procfile: "web: exec sleep 1000\n" },
});
const stack = made.data?.response.uid; // Null only in the answer to a dry run.
check(stack, "no stack was made");
const shown = await client.GET("/stacks/{uid}/processes/{name}", {
  params: { path: { uid: stack, name: "web" } },
});
check(shown.data?.response[0]?.command === "exec sleep 1000", "no process");
check(shown.data.pagination.next === null, "more than one page");

const missing = await client.GET("/stacks/{uid}", {
  params: { path: { uid: "none" } },
});
check(missing.error?.error === "not_found", "no error");

console.log(`a generated client sees ${listed.data.data.length} processes and a stack`);
