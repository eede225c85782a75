import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { aProject } from "../../e2e/project.ts";
import { checkout, withCandidate, type Checkout } from "../gate-checkout.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The same files on another machine: everything but what runs left behind. */
function anotherMachine({ folder }: Checkout): Checkout {
  const copy = mkdtempSync(join(tmpdir(), "promptgate-pairs-"));
  folders.push(copy);
  cpSync(folder, copy, { recursive: true });
  rmSync(join(copy, ".promptgate/runs"), { recursive: true, force: true });
  return checkout(copy);
}

it("merges the shards of a comparison to the figures of one machine", async () => {
  const project = aProject({ cases: 90, judged: true });
  folders.push(project.folder);
  const rubric = {
    name: "faithfulness",
    model: "judge",
    allowSelfGrading: true,
    scale: { kind: "pairwise" },
    criteria: [{ id: "answering", question: "Does the answer address what was asked?" }],
  };
  project.write("rubrics/faithfulness.yml", stringify(rubric));
  const whole = await withCandidate(project, "Answer only from the context. Answer in one word.");
  const merged = anotherMachine(whole);
  const exitCode = await whole.gate();
  const directories: string[] = [];
  for (const index of [1, 2, 3]) {
    const machine = anotherMachine(whole);
    await machine.gate({ shard: `${index}/3`, shardOutput: "out" });
    directories.push(join(machine.folder, "out"));
  }
  expect(await merged.merge(directories)).toBe(exitCode);
  const [expected] = whole.printed().prompts;
  const [found] = merged.printed().prompts;
  expect(found?.metrics).toEqual(expected?.metrics);
  expect(found?.regressions).toEqual(expected?.regressions);
  expect(found?.metrics.find(({ name }) => name === "faithfulness")).toMatchObject({
    verdict: "fail",
    judging: { kind: "pairwise", consistency: 1 },
  });
});
