import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { GateResult } from "../../../src/domain/gate-result.ts";
import { runGate } from "../../../src/entry/commands/gate.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import type { CommandContext } from "../../../src/entry/context.ts";
import { aProject, aPrompt, type TestProject } from "../../e2e/project.ts";

const made: TestProject[] = [];
afterEach(() => {
  for (const project of made.splice(0)) rmSync(project.folder, { recursive: true, force: true });
});

const NOW = Date.UTC(2026, 10, 21, 12);

function aContext(folder: string, now: number, print: (text: string) => void): CommandContext {
  return {
    cwd: folder,
    environment: {},
    clock: { now: () => now },
    log: { info: () => undefined, warn: () => undefined },
    print,
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
}

/** Outputs that name the price, but for the cases that `broken` holds. */
function outputs(broken: ReadonlySet<number>): string {
  // The critical case has a second sample, which settles whether the first one failed by chance.
  return [...Array.from({ length: 80 }, (_, index) => ({ index, sample: 0 })), { index: 5, sample: 1 }]
    .map(({ index, sample }) =>
      JSON.stringify({
        id: `case-${index}`,
        output: broken.has(index) ? "I do not know" : `${index + 3} euros`,
        sample,
      }),
    )
    .join("\n");
}

function dataset(critical: number): string {
  return Array.from({ length: 80 }, (_, index) =>
    JSON.stringify({
      id: `case-${index}`,
      vars: { query: "Price?", context: `${index + 3} euros` },
      critical: index === critical,
      assert: [{ type: "contains", value: `${index + 3}`, metric: "price" }],
    }),
  ).join("\n");
}

interface Shape {
  readonly waivers: readonly Readonly<Record<string, string>>[];
  readonly broken: readonly number[];
  readonly now?: number;
}

const TERMS = { owner: "ana", reason: "price list is late", expires: "2026-12-01" };

/** Gates stored outputs; case-5 is critical, and `price` is checked beside a length that always holds. */
async function gate({
  waivers,
  broken,
  now = NOW,
}: Shape): Promise<{ exitCode: number; prompt: GateResult["prompts"][number] }> {
  const project = aProject({
    config: { waivers: waivers.map((waiver) => ({ ...TERMS, ...waiver })) },
    prompt: { assert: [{ type: "word-count", max: 50, metric: "length" }] },
  });
  made.push(project);
  let printed = "";
  const context = aContext(project.folder, now, (text) => {
    printed += text;
  });
  writeFileSync(join(project.folder, "golden-datasets", "greeter.jsonl"), dataset(5));
  const options = { json: true, verbose: false };
  if (now === NOW) {
    await runPublish(context, { ...options, prompt: "greeter", label: "production", author: "test" });
  }
  project.write(
    "prompts/greeter.prompt.yml",
    aPrompt("1.1.0", "Answer only from the context. Name the price."),
  );
  project.write("old.jsonl", outputs(new Set()));
  project.write("new.jsonl", outputs(new Set(broken)));
  printed = "";
  const exitCode = await runGate(context, {
    ...options,
    prompts: [],
    output: [],
    dryRun: false,
    baseline: "production",
    tier: "auto",
    outputs: [join(project.folder, "new.jsonl"), `baseline=${join(project.folder, "old.jsonl")}`],
    filterTag: [],
    filterId: [],
    concurrency: 2,
    cache: false,
  });
  const [prompt] = (JSON.parse(printed) as GateResult).prompts;
  if (prompt === undefined) throw new Error("the result has no prompt");
  return { exitCode, prompt };
}

const tenBroken = Array.from({ length: 10 }, (_, index) => index + 10);

describe("a gate with waivers", () => {
  it("fails on a broken critical case without one", async () => {
    const { exitCode, prompt } = await gate({ waivers: [], broken: [5] });
    expect(exitCode).toBe(1);
    expect(prompt.cases).toMatchObject({ broken: ["case-5"], waived: 0 });
    expect(prompt.waivers).toEqual([]);
  });

  it.each([[{ case: "case-5" }], [{ case: "case-5", metric: "price" }], [{ metric: "price" }]])(
    "does not break on a critical case under %o",
    async (waiver) => {
      const { exitCode, prompt } = await gate({ waivers: [waiver], broken: [5] });
      expect(exitCode).toBe(0);
      expect(prompt.cases.broken).toEqual([]);
      expect(prompt.waivers).toMatchObject([{ ...waiver, owner: "ana", expires: "2026-12-01" }]);
    },
  );

  it("still breaks on a critical case that is waived on another metric", async () => {
    const { exitCode, prompt } = await gate({ waivers: [{ case: "case-5", metric: "length" }], broken: [5] });
    expect(exitCode).toBe(1);
    expect(prompt.cases.broken).toEqual(["case-5"]);
  });

  it("leaves waived cases out of the decision, runs and shows them, and counts what is left", async () => {
    const blocked = await gate({ waivers: [], broken: tenBroken });
    expect(blocked.exitCode).toBe(1);
    const { exitCode, prompt } = await gate({
      waivers: tenBroken.map((index) => ({ case: `case-${index}` })),
      broken: tenBroken,
    });
    expect(exitCode).toBe(0);
    expect(prompt.cases).toMatchObject({ total: 80, used: 70, waived: 10, unscored: 0 });
    expect(prompt.metrics.find(({ name }) => name === "price")).toMatchObject({ n: 70, used: 70, losses: 0 });
    expect(prompt.regressions.map(({ id }) => id)).toContain("case-10");
    expect(prompt.digests.policy).not.toBe(blocked.prompt.digests.policy);
  });

  it("reports a waived metric and does not fail on it", async () => {
    const { exitCode, prompt } = await gate({ waivers: [{ metric: "price" }], broken: tenBroken });
    expect(exitCode).toBe(0);
    expect(prompt.metrics.find(({ name }) => name === "price")).toMatchObject({
      verdict: "fail",
      level: "warn",
    });
    expect(prompt.warnings.join()).toContain("price: ");
  });

  it("does not start once one has expired", async () => {
    await expect(
      gate({ waivers: [{ case: "case-5" }], broken: [], now: Date.UTC(2026, 11, 2) }),
    ).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("the waiver of ana expired on 2026-12-01"),
    });
  });
});
