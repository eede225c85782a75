import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runPlan } from "../../../src/entry/commands/plan.ts";
import { runValidate } from "../../../src/entry/commands/validate.ts";
import { aProject, type TestProject } from "../../e2e/project.ts";
import {
  PUBLIC_KEY,
  SECRET_KEY,
  startLangfuse,
  type LangfuseServer,
} from "../../loopback/langfuse-server.ts";
import { checkout, refusal, type Checkout } from "../gate-checkout.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const FOLDER = ".promptgate/datasets";
const AT_NOON = { version: "2026-11-20T12:00:00Z" };

let server: LangfuseServer;
let now: number;
const projects: TestProject[] = [];

beforeEach(async () => {
  now = NOON;
  server = await startLangfuse("v4", () => now);
  for (let index = 0; index < 60; index += 1) put(`case-${index}`, index);
});
afterEach(async () => {
  await server.close();
  for (const project of projects.splice(0)) project.remove();
});

function put(id: string, price: number, changes: Record<string, unknown> = {}): void {
  const input = {
    query: `What does article ${price} cost?`,
    context: `Article ${price} costs ${price} euros.`,
  };
  const assert = [{ type: "contains", value: `${price}`, metric: "price" }];
  const item = {
    input,
    expectedOutput: `${price} euros`,
    metadata: { promptgate: { assert }, owner: "ana" },
  };
  server.datasets.put("golden", { id, ...item, ...changes }, now);
}

function start(dataset: Record<string, unknown> = {}, config: Record<string, unknown> = {}): Checkout {
  const project = aProject({
    prompt: { dataset: { from: "langfuse", name: "golden", ...dataset } },
    config: {
      platforms: {
        langfuse: {
          baseUrl: server.baseUrl,
          publicKey: "${LANGFUSE_PUBLIC_KEY}",
          secretKey: "${LANGFUSE_SECRET_KEY}",
        },
      },
      ...config,
    },
  });
  projects.push(project);
  const made = checkout(project.folder);
  const environment = { LANGFUSE_PUBLIC_KEY: PUBLIC_KEY, LANGFUSE_SECRET_KEY: SECRET_KEY };
  Object.assign(made.context, { environment });
  return made;
}

const options = {
  json: true,
  verbose: false,
  prompts: [],
  baseline: "prompts/greeter.prompt.yml",
  tier: "auto",
  filterTag: [],
  filterId: [],
  outputs: [],
} as const;

function digestOf({ said }: Checkout): string {
  return /digest: (sha256:[0-9a-f]{64})/.exec(said.join("\n"))?.[1] ?? "none";
}

describe("cases on a platform", () => {
  it("are pulled, and go by the rules of cases in files", async () => {
    const made = start();
    expect(await made.gate({ baseline: options.baseline })).toBe(0);
    expect(made.printed().prompts[0]?.cases.total).toBe(60);
  });

  it("say how to pin them, and are pinned by either way", async () => {
    const made = start();
    await made.gate({ baseline: options.baseline });
    const warning = made.said.find((line) => line.includes("not pinned")) ?? "";
    expect(warning).toContain("langfuse:golden");
    expect(warning).toContain('version: "2026-11-20T12:00:00.000Z"');
    const digest = digestOf(made);
    now += 60_000;
    put("case-7", 7, { expectedOutput: "8 euros" });
    const byVersion = start({ version: "2026-11-20T12:00:00.000Z", digest });
    expect(await byVersion.gate({ baseline: options.baseline })).toBe(0);
    expect(byVersion.said.join()).not.toContain("not pinned");
    const byDigest = start({ digest });
    expect(await refusal(byDigest.gate({ baseline: options.baseline }))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        /langfuse:golden: the cases are sha256:\w+, and the config pins/,
      ) as string,
    });
  });

  it("are kept in the folder of the run that they decided", async () => {
    const made = start(AT_NOON);
    await made.gate();
    const run = made.printed().prompts[0]?.runDir ?? "";
    const kept = readFileSync(join(made.folder, run, "cases.jsonl"), "utf8");
    expect(
      kept
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toHaveLength(60);
    const [pulled = ""] = readdirSync(join(made.folder, FOLDER));
    expect(kept).toBe(readFileSync(join(made.folder, FOLDER, pulled), "utf8"));
  });

  it("are written nowhere outside of the project", async () => {
    const made = start(AT_NOON);
    const outside = mkdtempSync(join(tmpdir(), "promptgate-outside-"));
    mkdirSync(join(made.folder, ".promptgate"), { recursive: true });
    symlinkSync(outside, join(made.folder, FOLDER));
    expect(await refusal(made.gate())).toMatchObject({ code: "STORAGE_FAILED" });
    expect(readdirSync(outside)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  it("are the same whatever order the platform lists them in", async () => {
    const first = start();
    await first.gate({ baseline: options.baseline });
    const files = readdirSync(join(first.folder, FOLDER));
    // The newest come first there: an edit that changes nothing moves an item to the front.
    put("case-3", 3);
    await first.gate({ baseline: options.baseline });
    expect(readdirSync(join(first.folder, FOLDER))).toEqual(files);
  });

  it("name vendor, dataset and item when they are wrong, all of them at once", async () => {
    put("case-1", 1, { input: { query: "no context" } });
    put("case-2", 2, { metadata: { promptgate: { critical: "yes" } } });
    put("bad\u001b[31m", 5, { metadata: { promptgate: { tags: "x" } } });
    const { message } = (await refusal(start().gate({ baseline: options.baseline }))) as Error;
    expect(message).toContain(
      'prompts.greeter.dataset: langfuse:golden: item "case-1": vars: the prompt uses {{context}}',
    );
    expect(message).toContain('item "case-2": critical: expected true or false, got "yes"');
    expect(message).toContain('item "bad\\u{1b}[31m": tags');
  });

  it("take what is no mapping as the variable input, and no word of ours from other metadata", async () => {
    server.datasets.put(
      "plain",
      { id: "a", input: "hello", expectedOutput: null, metadata: { tags: 7 } },
      now,
    );
    const { message } = (await refusal(
      start({ name: "plain" }).gate({ baseline: options.baseline }),
    )) as Error;
    expect(message).toMatch(/item "a": vars: the prompt uses \{\{context\}\}/);
    expect(message).not.toContain("tags");
  });

  it("are not asked for by validate, which contacts nobody", async () => {
    const made = start();
    expect(await runValidate(made.context, { json: false, verbose: false })).toBe(0);
    expect(server.calls).toEqual([]);
    expect(made.said.join()).toContain("langfuse:golden are checked when plan or gate pulls them");
  });

  it("stop a plan with the platform's fault, and leave nothing behind", async () => {
    const made = start();
    server.fail(/dataset-items/, { kind: "cut" }, 10);
    expect(await refusal(runPlan(made.context, options))).toMatchObject({ code: "NETWORK" });
    expect(() => readdirSync(join(made.folder, FOLDER))).toThrow("ENOENT");
  });

  it("need settings of the platform", async () => {
    const made = start({}, { platforms: {} });
    expect(await refusal(runPlan(made.context, options))).toMatchObject({
      code: "CONFIG_INVALID",
      message: "promptgate.yaml: nothing says how to reach langfuse",
    });
  });

  it("refuse keys that stand in the config", async () => {
    const keys = { baseUrl: server.baseUrl, publicKey: "pk-lf-1", secretKey: "sk-lf-visible" };
    const made = start({}, { platforms: { langfuse: keys } });
    const { message } = (await refusal(runPlan(made.context, options))) as Error;
    expect(message).toContain("platforms.langfuse.secretKey: expected a reference such as ${VAR}");
    expect(message).not.toContain("sk-lf-visible");
    expect(server.calls).toEqual([]);
  });

  it("name a dataset that is not there", async () => {
    expect(await refusal(runPlan(start({ name: "gone" }).context, options))).toMatchObject({
      code: "DATASET_INVALID",
      message: 'langfuse: there is no dataset "gone"',
    });
  });
});
