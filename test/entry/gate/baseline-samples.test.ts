import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { BaselineSampling } from "../../../src/domain/gate-result.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { openRegistryOf, loadProjectFrom } from "../../../src/entry/wire.ts";
import { aProject, aPrompt, type ProjectShape, type TestProject } from "../../e2e/project.ts";
import { renderVerdict } from "../../loopback/judge-replies.ts";
import { startOpenAiServer, type OpenAiServer, type SeenRequest } from "../../loopback/openai-server.ts";
import { refusal, withCandidate, type Checkout } from "../gate-checkout.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const CASES = 80;
const production = "Second wording.";

function text({ body }: SeenRequest): string {
  return body.messages.map(({ content }) => content).join("\n");
}

function isJudge({ body }: SeenRequest): boolean {
  return body.model === "grader";
}

interface World {
  readonly made: Checkout;
  readonly project: TestProject;
  readonly server: OpenAiServer;
  /** What the provider and the judge do from now on. */
  readonly now: { good: boolean; label: string };
  /** Requests about the version in production since the last call. */
  asked(): number;
  judged(): number;
  try(version: string, options?: Parameters<Checkout["gate"]>[0]): Promise<number>;
  sampling(): BaselineSampling | undefined;
}

/** Version 1.1.0 was promoted over 1.0.0, and further candidates are tried. */
async function promoted(shape: ProjectShape = {}): Promise<World> {
  const now = { good: true, label: "supported" };
  const server = await startOpenAiServer({
    reply: (request) => {
      if (isJudge(request)) return { kind: "answer", text: renderVerdict(request, now.label) };
      const isProduction = text(request).includes(production);
      const price = /costs \d+ euros/.exec(text(request))?.[0] ?? "no";
      return { kind: "answer", text: isProduction && !now.good ? "I do not know." : price };
    },
  });
  const project = aProject({ baseUrl: server.baseUrl, cases: CASES, ...shape });
  cleanups.push(
    () => project.remove(),
    () => server.close(),
  );
  const made = await withCandidate(project, production);
  await runPublish(made.context, { json: true, verbose: false, prompt: "greeter", author: "test" });
  const registry = openRegistryOf(await loadProjectFrom(made.context, {}), made.context);
  const promotion = { prompt: "greeter", label: "production", to: "1.1.0", expected: "1.0.0", by: "test" };
  await registry.moveLabel({ ...promotion, reason: "passed" });
  let seen = 0;
  const about = (matches: (request: SeenRequest) => boolean): number =>
    server.requests.slice(seen).filter(matches).length;
  return {
    made,
    project,
    server,
    now,
    asked: () => about((request) => !isJudge(request) && text(request).includes(production)),
    judged: () => about(isJudge),
    try: async (version, options = {}) => {
      seen = server.requests.length;
      made.time.now += 3_600_000;
      project.write("prompts/greeter.prompt.yml", aPrompt(version, `Wording of ${version}.`));
      return made.gate(options);
    },
    sampling: () => made.printed().prompts[0]?.baseline?.sampling,
  };
}

describe("stored answers of the baseline", () => {
  it("are five to each case after a promotion, taken once and watched by a few fresh ones", async () => {
    const world = await promoted();
    expect(await world.try("1.2.0")).toBe(0);
    expect(world.asked()).toBe(5 * CASES);
    expect(world.sampling()).toEqual({ samples: 5, since: "2026-11-20T01:00:00.000Z", drift: null });

    expect(await world.try("1.3.0")).toBe(0);
    expect(world.asked()).toBe(20);
    expect(world.sampling()?.drift).toEqual({ cases: 20, tested: true, found: false });
    expect(world.made.printed().prompts[0]?.warnings.join()).not.toContain("drift");
  });

  it("are none of a version that nothing was promoted over", async () => {
    const { server } = await promoted();
    const project = aProject({ baseUrl: server.baseUrl, cases: CASES });
    cleanups.push(() => project.remove());
    const first = await withCandidate(project, "Another wording.");
    expect(await first.gate()).toBe(0);
    expect(first.printed().prompts[0]?.baseline?.sampling).toBeUndefined();
  });

  it("are as many as the config says, and none where it says 1", async () => {
    const three = await promoted({ config: { baseline: { samples: 3 } } });
    await three.try("1.2.0");
    expect(three.asked()).toBe(3 * CASES);
    const none = await promoted({ config: { baseline: { samples: 1 } } });
    await none.try("1.2.0");
    expect(none.asked()).toBe(CASES);
    expect(none.sampling()).toBeUndefined();
  });

  it("are taken anew where the provider's answers have changed, and that is said", async () => {
    const world = await promoted();
    await world.try("1.2.0");
    world.now.good = false;
    // The candidate is better than what production has become.
    expect(await world.try("1.3.0")).toBe(0);
    expect(world.sampling()?.drift).toEqual({ cases: 20, tested: true, found: true });
    // It is decided early, perhaps with answers under way for the next look.
    const used = world.made.printed().prompts[0]?.cases.used ?? 0;
    expect(world.asked()).toBeGreaterThanOrEqual(5 * used);
    expect(world.made.printed().prompts[0]?.metrics.find(({ name }) => name === "price")).toMatchObject({
      baseline: 0,
      candidate: 1,
    });
    expect(world.made.printed().prompts[0]?.warnings.join()).toContain(
      "drift: version 1.1.0 does not score as it did on 2026-11-20: answers: price by -100.0 points over 20 cases",
    );
    await world.try("1.4.0");
    expect(world.sampling()?.drift).toMatchObject({ tested: true, found: false });
  });

  it("are judged anew, and not asked anew, where the judge has changed", async () => {
    const world = await promoted({ judged: true });
    await world.try("1.2.0");
    world.now.label = "partly";
    await world.try("1.3.0");
    expect(world.sampling()?.drift?.found).toBe(true);
    expect(world.asked()).toBe(20);
    const faithfulness = world.made.printed().prompts[0]?.metrics.find(({ name }) => name === "faithfulness");
    expect(faithfulness).toMatchObject({ baseline: 0.5, candidate: 0.5 });
  });

  it("do not take part in recordings, nor where answers are not kept", async () => {
    const world = await promoted();
    await world.try("1.2.0", { record: join(world.project.folder, "calls") });
    expect(world.asked()).toBe(CASES);
    const other = await promoted();
    await other.try("1.2.0", { cache: false });
    expect(other.asked()).toBe(CASES);
  });

  it("of a damaged record stop the gate with the way out", async () => {
    const world = await promoted();
    await world.try("1.2.0");
    const folder = join(world.project.folder, ".promptgate/baselines");
    const [file = ""] = readdirSync(folder);
    writeFileSync(join(folder, file), readFileSync(join(folder, file), "utf8").slice(0, 40));
    expect(await refusal(world.try("1.3.0"))).toMatchObject({
      code: "STORAGE_FAILED",
      hint: expect.stringContaining("delete it") as string,
    });
  });
});

describe("a gate on latency", () => {
  it("asks both sides in every run, for a stored answer has no latency", async () => {
    const world = await promoted({ prompt: { gates: { latency: { maxIncrease: "90%" } } } });
    await world.try("1.2.0");
    expect(world.asked()).toBe(CASES);
    await world.try("1.3.0");
    expect(world.asked()).toBe(CASES);
    const latency = world.made.printed().prompts[0]?.metrics.find(({ name }) => name === "latency");
    expect(latency?.unscored).toBe(0);
    expect(latency?.baseline).toBeGreaterThan(0);
  });
});
