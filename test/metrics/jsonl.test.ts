import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonlMetrics } from "../../src/metrics/jsonl.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { START } from "../contracts/metrics-requests.ts";
import { aFolder, aLine, hourOf, many, observe, observeIn } from "./a-log.ts";

metricsContract("the log of served requests", {
  create: async (served) => {
    const root = mkdtempSync(join(tmpdir(), "promptgate-metrics-"));
    writeFileSync(join(root, "log.jsonl"), served.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    const cleanup = async (): Promise<void> => rmSync(root, { recursive: true, force: true });
    return { source: jsonlMetrics({ root, path: "log.jsonl" }), cleanup };
  },
  unreachable: async () => ({
    source: jsonlMetrics({ root: tmpdir(), path: "no-such-folder/log.jsonl" }),
    cleanup: async () => {},
  }),
  withoutUnits: null,
});

function log(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

describe("the place of the log", () => {
  const files = {
    "logs/2026-11-19.jsonl": aLine(),
    "logs/2026-11-20.jsonl": aLine({ version: "2.0.0" }),
    "logs/notes.txt": "no log",
    "logs/old/2026-11-18.jsonl": aLine(),
  };

  it.each([
    ["a file", "logs/2026-11-20.jsonl", 1],
    ["a folder", "logs", 2],
    ["a pattern", "logs/2026-*.jsonl", 2],
    ["a narrower pattern", "logs/*-20.js*l", 1],
  ])("may be %s", async (_, path, count) => {
    const { assignments } = await observeIn(aFolder(files), path);
    expect(assignments.map(({ n }) => n)).toEqual(Array.from({ length: count }, () => 1));
  });

  it("may be outside the project", async () => {
    const { assignments } = await observeIn("/", join(aFolder(files), "logs"));
    expect(assignments).toHaveLength(2);
  });

  it.each([
    ["a file", "nowhere.jsonl", /nowhere\.jsonl does not exist/],
    ["a folder without logs", "empty", /no file has the form of empty/],
    ["a pattern that nothing matches", "logs/2025-*.jsonl", /no file has the form/],
    ["a pattern in a folder that is missing", "x/*.jsonl", /does not exist/],
  ])("is an error, and no absence of data, where nothing is: %s", async (_, path, message) => {
    const root = aFolder({ ...files, "empty/readme.md": "" });
    await expect(observeIn(root, path)).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it.each(["/dev/null", "/dev/zero"])("is refused when it is no file: %s", async (device) => {
    await expect(observeIn(aFolder({}), device)).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: `${device} is not a file`,
    });
  });
});

describe("the lines", () => {
  it("come with blank ones, Windows line ends and a byte order mark", async () => {
    const log = `\uFEFF${aLine()}\n  \n${aLine().replace("\n", "\r\n")}${aLine().trim()}`;
    const observed = await observe(log);
    expect(observed.assignments).toEqual([{ version: "1.0.0", bucket: START, n: 3, newUnits: 3 }]);
    expect(observed.notes).toEqual([]);
  });

  it("are empty for a log without one", async () => {
    expect(await observe("")).toEqual({
      observations: [],
      assignments: [],
      errors: [],
      basis: "request",
      notes: [],
    });
  });

  it("may end in the middle of the last one, which is left out and told", async () => {
    const observed = await observe(aLine() + aLine().slice(0, 60));
    expect(hourOf(observed, "quality")).toMatchObject({ n: 1 });
    expect(observed.notes).toEqual([
      { kind: "torn", count: 1, message: "the last line of log.jsonl is cut off and was left out" },
    ]);
  });

  it.each([
    ["an offset", "2026-11-20T10:30:00+01:00"],
    ["microseconds", "2026-11-20T09:30:00.123456Z"],
    ["an offset without a colon", "2026-11-20T05:00:00-0430"],
    ["no seconds", "2026-11-20T09:30Z"],
  ])("may have times with %s", async (_, at) => {
    expect((await observe(aLine({ at }))).assignments).toMatchObject([{ bucket: START, n: 1 }]);
  });

  it("of the future and of the past count for nothing", async () => {
    const log =
      aLine({ at: "2030-01-01T00:00:00Z" }) +
      aLine({ at: "2026-11-20T12:00:00Z" }) +
      aLine({ at: "2026-11-20T08:59:59.999Z" });
    expect((await observe(log)).assignments).toEqual([]);
  });

  it("that begin with another time are not read further", async () => {
    const observed = await observe(`{"at":"2026-11-19T09:30:00Z","prompt":\n${aLine()}`);
    expect(observed.notes).toEqual([]);
    expect(observed.assignments).toMatchObject([{ n: 1 }]);
  });

  it("count twice when they stand there twice", async () => {
    expect(hourOf(await observe(many(2)), "quality")).toMatchObject({ n: 2 });
  });
});

describe("lines that are no requests", () => {
  const broken = [
    ["no JSON", "{at: now}\n"],
    ["no object", '["2026-11-20T09:30:00Z"]\n'],
    ["null", "null\n"],
    ["no time", aLine({ at: undefined })],
    ["a time without a zone", aLine({ at: "2026-11-20T09:30:00" })],
    ["a time that is none", aLine({ at: "yesterday" })],
    ["a day of no calendar", aLine({ at: "2026-13-45T09:30:00Z" })],
    ["a number for a time", aLine({ at: 1_763_631_000_000 })],
    ["no prompt", aLine({ prompt: null })],
    ["no version", aLine({ version: 2 })],
    ["inherited fields", `{"__proto__":${aLine().trim()}}\n`],
    ["bytes of no text", Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
    ["five megabytes", `{"at":"${"9".repeat(5_000_000)}"}\n`],
    ["a depth of a million", `${"[".repeat(1_000_000)}\n`],
  ] as const;

  it.each(broken)("are counted: %s", async (_, line) => {
    const observed = await observe(log(many(100), line, many(100)));
    expect(hourOf(observed, "quality")).toMatchObject({ n: 200, mean: 0.5 });
    expect(observed.notes).toEqual([
      { kind: "malformed", count: 1, message: "1 lines could not be read as requests" },
    ]);
  });

  it("make their hour invalid above one in a hundred, and no other", async () => {
    const later = many(50, { at: "2026-11-20T10:30:00Z" });
    const observed = await observe(log(many(297), "x\n".repeat(3), later));
    expect(hourOf(observed, "quality")).toMatchObject({ kind: "mean", n: 297 });
    const worse = await observe(log(many(296), "x\n".repeat(4), later));
    expect(hourOf(worse, "quality")).toEqual({
      kind: "invalid",
      reason: "4 of 300 lines could not be read as requests",
    });
    expect(hourOf(worse, "error_rate")).toMatchObject({ kind: "invalid" });
    expect(hourOf(worse, "quality", 1)).toMatchObject({ kind: "mean", n: 50 });
  });

  it("may be one in a small hour, as a crash leaves one", async () => {
    expect(hourOf(await observe(log(many(3), "x\n", many(3))), "quality")).toMatchObject({ n: 6 });
    expect(hourOf(await observe(log(many(3), "x\nx\n", many(3))), "quality")).toMatchObject({
      kind: "invalid",
    });
  });

  it("count in the hour of the line behind them when none is before", async () => {
    const observed = await observe(log("x\nx\n", many(3, { at: "2026-11-20T10:30:00Z" })));
    expect(hourOf(observed, "quality", 1)).toMatchObject({ kind: "invalid" });
  });

  it("are an error where there are no others", async () => {
    await expect(observe("served a request\nserved another\n")).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: "metrics.path: none of the 2 lines in log.jsonl is a served request",
    });
  });
});
