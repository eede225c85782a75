import { relative } from "node:path";
import { GateError } from "../domain/errors.ts";
import type { MetricsSource, ObservationNote, Observations, ObserveRequest } from "../domain/metrics.ts";
import { visibleLine } from "../domain/visible.ts";
import { logFiles } from "./log-files.ts";
import { logLines, type LogLine } from "./log-lines.ts";
import { leadingTime, readRequestLine } from "./request-line.ts";
import { tallyObservations } from "./tally-observations.ts";
import { createTally, type Tally } from "./tally.ts";

export interface JsonlMetricsOptions {
  /** A file, a folder of `.jsonl` files, or files by a `*` in the last part; absolute or relative to `root`. */
  readonly path: string;
  readonly root: string;
}

const BLANK = /^[ \t\r]*$/;

/** Where the lines of a log go. */
type LineTarget = Pick<Tally, "covers" | "add" | "addMalformed">;

/** Puts the lines of one file into the tally; malformed ones where their neighbour stands. */
function fileReader(tally: LineTarget) {
  let near: number | null = null;
  let waiting = 0;
  const counts = { requests: 0, malformed: 0, torn: 0 };

  function addMalformed(): void {
    counts.malformed += 1;
    if (near === null) waiting += 1;
    else tally.addMalformed(near);
  }

  function addRequest(at: number): void {
    counts.requests += 1;
    near = at;
    for (; waiting > 0; waiting -= 1) tally.addMalformed(at);
  }

  function add(line: LogLine): void {
    if (line.kind === "too-long") return addMalformed();
    // Most lines of a long log are of another time, and those that say so first need not be parsed.
    const early = leadingTime(line.text);
    if (!Number.isNaN(early) && !tally.covers(early)) return addRequest(early);
    if (BLANK.test(line.text)) return undefined;
    const served = readRequestLine(line.text);
    if (served === null) {
      // Whoever writes it has not come to its end, or never will.
      if (line.kind === "unended") counts.torn += 1;
      else addMalformed();
      return undefined;
    }
    addRequest(served.at);
    return tally.add(served);
  }

  return { counts, add };
}

/** Reads every line of a log; throws `METRICS_FAILED` when none of them is a request. */
async function readLog(
  { path, root }: JsonlMetricsOptions,
  target: LineTarget,
  signal: AbortSignal,
): Promise<ObservationNote[]> {
  const notes: ObservationNote[] = [];
  let requests = 0;
  let malformed = 0;
  for (const file of await logFiles(root, path)) {
    const { add, counts } = fileReader(target);
    for await (const batch of logLines(file, signal)) for (const line of batch) add(line);
    requests += counts.requests;
    malformed += counts.malformed;
    if (counts.torn > 0) {
      const message = `the last line of ${visibleLine(relative(root, file))} is cut off and was left out`;
      notes.push({ kind: "torn", count: 1, message });
    }
  }
  if (requests === 0 && malformed > 0) {
    throw new GateError(
      "METRICS_FAILED",
      `metrics.path: none of the ${malformed} lines in ${visibleLine(path, 400)} is a served request`,
      { hint: 'expected {"at":"2026-11-20T10:00:00Z","prompt":"…","version":"…",…} on every line' },
    );
  }
  return notes;
}

/**
 * Metrics from a log of served requests, one JSON object a line. Reads every line of the files and keeps what was asked
 * for: memory grows with the units in the time asked, not with the files.
 */
export function jsonlMetrics(options: JsonlMetricsOptions): MetricsSource {
  return {
    async observe(request, signal) {
      const tally = createTally(request);
      const notes = await readLog(options, tally, signal);
      const observed = tallyObservations(tally, request.metrics);
      return { ...observed, notes: [...(observed.notes ?? []), ...notes] };
    },
  };
}

/** A log that was read once, to be asked many times. */
export interface RequestLog {
  observe(request: ObserveRequest): Observations;
  /** Time of the last request of the versions, milliseconds since 1970; null = there is none. */
  readonly last: number | null;
}

/** The same metrics for a replay: one prompt's requests are held in memory, of all others only their times. */
export async function loadRequestLog(
  options: JsonlMetricsOptions,
  { prompt, versions }: Pick<ObserveRequest, "prompt" | "versions">,
  signal: AbortSignal,
): Promise<RequestLog> {
  const replay: ((target: LineTarget) => void)[] = [];
  let last: number | null = null;
  const recorder: LineTarget = {
    covers: () => true,
    add(served) {
      const isOurs = served.prompt === prompt && versions.includes(served.version);
      if (isOurs) last = Math.max(last ?? served.at, served.at);
      const kept = isOurs ? served : { ...served, unit: null, fields: {} };
      replay.push((target) => target.add(kept));
    },
    addMalformed: (near) => void replay.push((target) => target.addMalformed(near)),
  };
  const notes = await readLog(options, recorder, signal);
  return {
    last,
    observe(request) {
      const tally = createTally(request);
      for (const put of replay) put(tally);
      const observed = tallyObservations(tally, request.metrics);
      return { ...observed, notes: [...(observed.notes ?? []), ...notes] };
    },
  };
}
