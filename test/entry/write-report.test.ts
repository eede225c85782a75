import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkReportFiles, writeReports } from "../../src/entry/write-report.ts";
import { renderJson } from "../../src/report/json.ts";
import { aGateResult } from "../builders.ts";

const result = aGateResult();
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptgate-report-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("writeReports", () => {
  it.each([
    ["report.json", '"schema": "promptgate/gate-result@1"'],
    ["report.md", "> [!TIP]"],
    ["report.html", "<!doctype html>"],
    ["report.junit.xml", "<testsuites"],
    ["report.xml", "<testsuites"],
    ["REPORT.MD", "> [!TIP]"],
  ])("writes %s in the format of its suffix", async (file, mark) => {
    await writeReports(result, [file], directory);
    expect(await readFile(join(directory, file), "utf8")).toContain(mark);
    expect(await readdir(directory)).toEqual([file]);
  });

  it("makes missing folders and takes absolute names as they are", async () => {
    const file = join(directory, "a", "b", "report.json");
    await writeReports(result, [file], "/nowhere");
    expect(await readFile(file, "utf8")).toBe(renderJson(result));
  });

  it.each(["report.txt", "report", "json", "report.pdf"])(
    "refuses %s before it writes anything",
    async (file) => {
      const files = ["report.json", file];
      expect(() => checkReportFiles(files)).toThrow(expect.objectContaining({ code: "USAGE" }));
      await expect(writeReports(result, files, directory)).rejects.toMatchObject({ code: "USAGE" });
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it("replaces an older report whole", async () => {
    await writeFile(join(directory, "report.json"), "x".repeat(1_000_000));
    await writeReports(result, ["report.json"], directory);
    expect(await readFile(join(directory, "report.json"), "utf8")).toBe(renderJson(result));
  });

  it("follows a link that the user made, and leaves it a link", async () => {
    await writeFile(join(directory, "real.json"), "old");
    await symlink("real.json", join(directory, "link.json"));
    await writeReports(result, ["link.json"], directory);
    expect(await readFile(join(directory, "real.json"), "utf8")).toBe(renderJson(result));
    expect((await readdir(directory)).sort()).toEqual(["link.json", "real.json"]);
  });

  it("refuses a folder of that name", async () => {
    await mkdir(join(directory, "report.md"));
    await expect(writeReports(result, ["report.md"], directory)).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      message: "cannot write the report report.md (it is a folder)",
    });
  });

  it("refuses a place below a file and leaves nothing behind", async () => {
    await writeFile(join(directory, "file"), "");
    await expect(writeReports(result, ["file/report.md"], directory)).rejects.toMatchObject({
      code: "STORAGE_FAILED",
    });
    expect(await readdir(directory)).toEqual(["file"]);
  });

  // A superuser may write anywhere, so that no folder is read-only to them.
  it.skipIf(process.getuid?.() === 0)("says that a folder is read-only", async () => {
    await chmod(directory, 0o500);
    await expect(writeReports(result, ["report.md"], directory)).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      message: "cannot write the report report.md (EACCES)",
    });
  });

  it.skipIf(!existsSync("/proc/self"))("says that a file system takes no files", async () => {
    await expect(writeReports(result, ["/proc/report.md"], directory)).rejects.toMatchObject({
      code: "STORAGE_FAILED",
    });
  });

  it("keeps control characters of a name out of the message", async () => {
    await expect(writeReports(result, ["\u001b[2Jreport"], directory)).rejects.toThrow(/\\u\{1b\}\[2Jreport/);
  });
});
