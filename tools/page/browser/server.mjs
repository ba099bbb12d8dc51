// A server of Tallyman with data of its own, for the tests of the page.

import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const GREETING_TIMEOUT_MS = 60000;
const STOP_TIMEOUT_MS = 60000;

export class Server {
  /**
   * @param {string} program  The binary.
   * @param {string[]} flags
   */
  constructor(program, flags = []) {
    this.program = program;
    this.flags = flags;
    this.port = 0;
    this.url = "";
    /** The admin token that the first start prints. */
    this.token = "";
    /** The address that signs in once. */
    this.signInUrl = "";
    this.log = "";
    this.directory = "";
  }

  /** Starts the server, the second time with the data and the port of the first. */
  async start() {
    this.directory ||= await mkdtemp(join(tmpdir(), "tallyman-page-"));
    const child = spawn(
      this.program,
      [
        `--port=${this.port}`,
        `--data_dir=${join(this.directory, "data")}`,
        "--nolog_requests",
        "--restart_delay=100ms",
        ...this.flags,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.child = child;
    this.ended = new Promise((resolve) => child.once("exit", resolve));
    child.stderr.on("data", (bytes) => (this.log += bytes));
    const isListening = new Promise((resolve) => {
      const lines = createInterface({ input: child.stdout });
      lines.on("line", (line) => {
        const url = /listens on (http:\/\/[0-9.:]+)/.exec(line);
        if (url) this.url = url[1];
        this.token = /^\s+(tly_[\w-]{43})$/.exec(line)?.[1] ?? this.token;
        this.signInUrl = /(http:\/\/\S+\/#code=\S+)/.exec(line)?.[1] ?? this.signInUrl;
      });
      const poll = setInterval(() => {
        if (!this.log.includes('"event":"listening"')) return;
        clearInterval(poll);
        resolve(true);
      }, 10);
      child.once("exit", () => {
        clearInterval(poll);
        resolve(false);
      });
      setTimeout(() => resolve(false), GREETING_TIMEOUT_MS).unref();
    });
    this.log = "";
    if (!(await isListening)) throw new Error(`the server did not start:\n${this.log}`);
    this.port = Number(new URL(this.url).port);
  }

  /** Ends the server as a crash would; the processes of its stacks go on. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Removes all stacks, so that their processes end, then stops the server. */
  async remove() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      for (const stack of (await this.ask("GET", "/api/3/stacks?per_page=100")).response) {
        await this.ask("DELETE", `/stacks/${stack.uid}`);
      }
      await until(async () => (await this.instances()).length === 0, "the processes end");
      this.child.kill("SIGTERM");
      const timer = setTimeout(() => this.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await this.ended;
      clearTimeout(timer);
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * A request with the admin token.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>} The answer in JSON; null if there is none.
   */
  async ask(method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /**
   * Makes a stack; resolves to its uid when its instances have begun.
   *
   * @param {string} name
   * @param {string} procfile
   * @param {Record<string, number>} [counts]  Wanted instances of its processes.
   */
  async makeStack(name, procfile, counts = {}) {
    const body = { name, environment: "development", procfile };
    const { uid } = (await this.ask("POST", "/api/3/stacks", body)).response;
    for (const [process, count] of Object.entries(counts)) await this.scale(uid, process, count);
    return uid;
  }

  /** Wants so many instances, and waits until so many run. */
  async scale(uid, process, count) {
    const server = (await this.ask("GET", `/api/3/stacks/${uid}/servers`)).response[0].uid;
    const body = { process_name: process, server_count: { [server]: count } };
    await this.ask("POST", `/stacks/${uid}/processes`, body);
    await until(async () => {
      const { response } = await this.ask("GET", `/api/3/stacks/${uid}/processes/${process}`);
      return response.instances.filter(({ pid }) => pid !== null).length === count;
    }, `${count} instances of ${process} run`);
  }

  /** The value of a metric without labels. */
  async metric(name) {
    const response = await fetch(`${this.url}/metrics`, {
      headers: { Authorization: `Bearer ${this.token}` },
    });
    const text = await response.text();
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  }

  /** The first processes of the instances, from the kernel. */
  async instances() {
    const data = join(this.directory, "data");
    const keepers = [];
    /** @type {{pid: number, ppid: number, command: string}[]} */
    const all = [];
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const command = (await readFile(`/proc/${entry}/cmdline`, "utf8")).replaceAll("\0", " ");
        const stat = await readFile(`/proc/${entry}/stat`, "utf8");
        const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") continue;
        const one = { pid: Number(entry), ppid: Number(ppid), command };
        all.push(one);
        if (command.startsWith("tallyman-keeper") && command.includes(data)) keepers.push(one);
      } catch {
        // It has ended meanwhile.
      }
    }
    return all.filter(({ ppid }) => keepers.some(({ pid }) => pid === ppid));
  }
}

/**
 * Waits until `isTrue` resolves to true; fails after 30 s.
 *
 * @param {() => Promise<boolean>|boolean} isTrue
 * @param {string} what
 */
export async function until(isTrue, what) {
  const deadline = Date.now() + 30000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`expected within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
