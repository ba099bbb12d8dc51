// @ts-check
// All processes of the machine, from the stream of their differences, with their shares of the
// processor.

/**
 * A process as the server shows it. Only requested keys are there. Unknown: -1, "" or null.
 *
 * @typedef {object} HostProcess
 * @property {number} pid
 * @property {string} start_time
 * @property {number} [ppid]
 * @property {string} [name]
 * @property {string} [command_line]
 * @property {string} [user]
 * @property {string} [state]
 * @property {number} [memory]
 * @property {number} [peak_memory]
 * @property {number} [virtual_memory]
 * @property {number} [num_threads]
 * @property {number} [cpu_seconds]
 * @property {number} [io_bytes_read]
 * @property {number} [io_bytes_written]
 * @property {number} [session]
 * @property {number|null} [nice]
 * @property {string} [cgroup]
 * @property {string} [unit]
 * @property {string} [container]
 * @property {string} [stack]
 * @property {string} [process]
 * @property {number} [instance]
 *
 * What GET /server/processes/{pid} adds.
 *
 * @typedef {object} HostProcessDetails
 * @property {number} pss
 * @property {number} open_descriptors
 * @property {{protocol: string, address: string, port: number}[]|null} listening
 * @property {string[]|null} environment_names
 * @property {number[]} children
 *
 * @typedef {object} ProcessRecord
 * @property {string} key  The same as long as the process lives, and of no other process.
 * @property {HostProcess} p
 * @property {number} share  Of one core between the last two scans; NaN: not in two scans yet.
 * @property {string|null} text  For searches: the name and the command line in lower case.
 * @property {boolean} isGone
 * @property {number|string|null} sortKey  The rest is of arrange.js.
 * @property {number} rank
 * @property {boolean} isMatch
 * @property {boolean} hasMatch  It matches, or a descendant does.
 * @property {ProcessRecord|null} parent
 * @property {ProcessRecord[]} children
 * @property {number} shareSum  With all descendants; NaN: unknown.
 * @property {number} memorySum
 * @property {number} level  From 1.
 * @property {string} guides  One letter for each level above: "│", "├", "└" or " ".
 * @property {boolean} isOpen
 */

/** @param {{pid: number, start_time: string}} process */
export function keyOf({ pid, start_time }) {
  return `${pid} ${start_time}`;
}

/** @param {HostProcess} p @returns {ProcessRecord} */
export function makeRecord(p) {
  return {
    key: keyOf(p),
    p,
    share: NaN,
    text: null,
    isGone: false,
    sortKey: null,
    rank: Infinity,
    isMatch: true,
    hasMatch: true,
    parent: null,
    children: [],
    shareSum: NaN,
    memorySum: NaN,
    level: 1,
    guides: "",
    isOpen: false,
  };
}

// A share over more time without scans than this says nothing about now. Milliseconds.
const MAX_SPAN_MS = 30000;
// Over less time than this it is too coarse: the clock of processes ticks each 10 ms.
const MIN_SPAN_MS = 400;

export class ProcessModel {
  constructor() {
    /** @type {ProcessRecord[]} In the order that arrange() gave them; new ones at the end. */
    this.records = [];
    /** @type {Map<number, ProcessRecord>} */
    this.byPid = new Map();
    /** When the last scan began, in milliseconds of the epoch; 0: no scan came yet. */
    this.time = 0;
  }

  /** Whether all processes are there, not only the first ones. */
  get isComplete() {
    return this.time > 0;
  }

  /** The first processes, before the stream sends all. @param {HostProcess[]} processes */
  begin(processes) {
    if (!this.isComplete) this.replace(processes, 0);
  }

  /**
   * Takes events of the stream.
   *
   * @param {{type: string, data: any}[]} events
   */
  apply(events) {
    for (const { type, data } of events) {
      if (type === "snapshot") this.replace(data.processes, Date.parse(data.time));
      else if (type === "difference") this.change(data, Date.parse(data.time));
    }
  }

  /** Scans found no difference: nothing used the processor. False: nothing did before. */
  quiet() {
    let changes = false;
    for (const record of this.records) {
      if (!(record.share > 0)) continue;
      record.share = 0;
      changes = true;
    }
    return changes;
  }

  /**
   * @param {HostProcess[]} processes
   * @param {number} time
   */
  replace(processes, time) {
    const span = this.time ? time - this.time : 0;
    const old = this.byPid;
    this.byPid = new Map();
    this.records = processes.map((p) => {
      const before = old.get(p.pid);
      const record = makeRecord(p);
      if (before?.key === record.key) {
        record.rank = before.rank;
        record.share =
          span < MIN_SPAN_MS && span >= 0
            ? before.share
            : shareOf(before.p, p.cpu_seconds, span > MAX_SPAN_MS ? 0 : span);
      }
      this.byPid.set(p.pid, record);
      return record;
    });
    this.time = time;
  }

  /**
   * @param {{entered: HostProcess[], changed: HostProcess[], gone: HostProcess[]}} difference
   * @param {number} time
   */
  change({ entered, changed, gone }, time) {
    const span = time - this.time;
    this.time = time;
    // What is not among the changed ones was in this scan, too, and used nothing.
    for (const record of this.records) record.share = shareOf(record.p, record.p.cpu_seconds, span);
    for (const change of changed) {
      const record = this.byPid.get(change.pid);
      if (record?.p.start_time !== change.start_time) continue;
      if (change.cpu_seconds !== undefined) {
        record.share = shareOf(record.p, change.cpu_seconds, span);
      }
      if (change.name !== undefined || change.command_line !== undefined) record.text = null;
      Object.assign(record.p, change);
    }
    for (const { pid, start_time } of gone) {
      const record = this.byPid.get(pid);
      if (record?.p.start_time !== start_time) continue;
      record.isGone = true;
      this.byPid.delete(pid);
    }
    if (gone.length > 0) this.records = this.records.filter((record) => !record.isGone);
    for (const p of entered) {
      const record = makeRecord(p);
      this.byPid.set(p.pid, record);
      this.records.push(record);
    }
  }

  /**
   * The parent of a process, its parent, and so on.
   *
   * @param {HostProcess} process
   * @returns {HostProcess[]}
   */
  ancestors(process) {
    const chain = [];
    const seen = new Set([process.pid]);
    for (let pid = process.ppid ?? 0; pid > 0 && !seen.has(pid);) {
      seen.add(pid);
      const parent = this.byPid.get(pid)?.p;
      if (!parent) break;
      chain.push(parent);
      pid = parent.ppid ?? 0;
    }
    return chain;
  }
}

/**
 * @param {HostProcess} before
 * @param {number|undefined} seconds  The processor time now.
 * @param {number} span  Between the two scans, in milliseconds.
 */
function shareOf({ cpu_seconds: old }, seconds, span) {
  if (old === undefined || seconds === undefined || old < 0 || seconds < 0) return NaN;
  if (span <= 0) return NaN;
  return Math.max(0, (seconds - old) * 1000) / span;
}
