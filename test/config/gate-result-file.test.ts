import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGateResult } from "../../src/config/gate-result-file.ts";
import { renderJson } from "../../src/report/json.ts";
import { aGateResult, aPromptGateResult } from "../builders.ts";
import { scenarios } from "../report/scenarios.ts";

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptgate-result-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function stored(text: string): Promise<string> {
  const file = join(directory, "result.json");
  await writeFile(file, text);
  return file;
}

describe("readGateResult", () => {
  it.each(Object.entries(scenarios))("reads %s back as it was written", async (_, result) => {
    expect(await readGateResult(await stored(renderJson(result)))).toEqual(result);
  });

  it("keeps what a later minor version added", async () => {
    const result = { ...aGateResult(), receipt: { id: 1 } };
    expect(await readGateResult(await stored(JSON.stringify(result)))).toEqual(result);
  });

  it("reads a number of cases that no dataset reaches", async () => {
    const prompt = aPromptGateResult();
    const metrics = prompt.plan?.metrics.map((metric) => ({ ...metric, floorCases: Infinity })) ?? [];
    const result = aGateResult({ ...prompt, plan: prompt.plan && { ...prompt.plan, metrics } });
    expect(await readGateResult(await stored(renderJson(result)))).toEqual(result);
  });

  it.each([
    ["cut off", renderJson(aGateResult()).slice(0, 500), /is no complete JSON document$/],
    ["empty", "", /is no complete JSON document$/],
    ["foreign", '{"results":[]}', /is no gate result: it names no schema$/],
    ["a list", "[]", /is no gate result: it names no schema$/],
    ["another document", '{"schema":"promptgate/comparison@1"}', /its schema is "promptgate\/comparison@1"$/],
    ["newer", '{"schema":"promptgate/gate-result@2"}', /was written by a newer promptgate/],
    ["hostile", '{"schema":"\\u001b[2J"}', /its schema is "\\u\{1b\}\[2J"$/],
    [
      "damaged",
      renderJson(aGateResult()).replace(
        '"verdict": "pass",\n      "headline"',
        '"verdict": "passed",\n      "headline"',
      ),
      /is a damaged gate result at prompts\.0\.verdict: /,
    ],
    [
      "without prompts",
      JSON.stringify({ ...aGateResult(), prompts: [] }),
      /damaged gate result at prompts: /,
    ],
  ])("names a file that is %s as such", async (_, text, message) => {
    await expect(readGateResult(await stored(text))).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: expect.stringMatching(message) as unknown,
      hint: expect.any(String) as unknown,
    });
  });

  it("fails on a missing file unless the caller expects that", async () => {
    const missing = join(directory, "none.json");
    await expect(readGateResult(missing)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    expect(await readGateResult(missing, { missing: null })).toBeNull();
  });

  it("fails on a folder", async () => {
    await expect(readGateResult(directory, { missing: null })).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
    });
  });
});
