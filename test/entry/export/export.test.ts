import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aProject, type TestProject } from "../../e2e/project.ts";
import {
  PUBLIC_KEY,
  SECRET_KEY,
  startLangfuse,
  type LangfuseServer,
} from "../../loopback/langfuse-server.ts";
import { startOpenAiServer } from "../../loopback/openai-server.ts";
import { refusal, withCandidate, type Checkout } from "../gate-checkout.ts";

let server: LangfuseServer;
const projects: TestProject[] = [];

beforeEach(async () => {
  server = await startLangfuse();
});
afterEach(async () => {
  await server.close();
  for (const project of projects.splice(0)) project.remove();
});

async function start(
  shape: Parameters<typeof aProject>[0] = {},
  instruction = "Answer from the context.",
): Promise<Checkout> {
  const platforms = {
    langfuse: {
      baseUrl: server.baseUrl,
      publicKey: "${LANGFUSE_PUBLIC_KEY}",
      secretKey: "${LANGFUSE_SECRET_KEY}",
    },
  };
  const project = aProject({ cases: 80, ...shape, config: { platforms, ...shape.config } });
  projects.push(project);
  const made = await withCandidate(project, instruction);
  const keys = { LANGFUSE_PUBLIC_KEY: PUBLIC_KEY, LANGFUSE_SECRET_KEY: SECRET_KEY };
  Object.assign(made.context, { environment: { ...made.context.environment, ...keys } });
  return made;
}

const outputs = (): unknown[] =>
  [...server.datasets.spans.values()].map(({ attributes }) => attributes["langfuse.observation.output"]);

describe("gate --export", () => {
  it("writes answers and scores of both sides, and nothing twice", async () => {
    const made = await start();
    expect(await made.gate({ export: "langfuse" })).toBe(0);
    const spans = [...server.datasets.spans.keys()];
    const scores = [...server.datasets.scores.keys()];
    const [result] = made.printed().prompts;
    expect(spans).toHaveLength(2 * (result?.cases.used ?? 0));
    expect(scores).toHaveLength(spans.length);
    expect(outputs().every((output) => typeof output === "string" && output !== "")).toBe(true);
    expect(made.said.join()).toContain(`langfuse has ${spans.length} answers and ${scores.length} scores`);
    made.time.now += 60_000;
    expect(await made.gate({ export: "langfuse" })).toBe(0);
    expect(made.printed().prompts[0]?.stored).toBe(true);
    expect([...server.datasets.spans.keys()]).toEqual(spans);
    expect([...server.datasets.scores.keys()]).toEqual(scores);
  });

  it("takes the answers that were paid for, and asks no model again", async () => {
    const models = await startOpenAiServer({ reply: () => ({ kind: "answer", text: "It costs 3 euros." }) });
    const made = await start({ baseUrl: models.baseUrl, cases: 12 });
    await made.gate({ export: "langfuse" });
    const calls = models.requests.length;
    const kept = outputs();
    expect(new Set(kept)).toEqual(new Set(["It costs 3 euros."]));
    await made.gate({ export: "langfuse" });
    expect(models.requests).toHaveLength(calls);
    expect(outputs()).toEqual(kept);
    await models.close();
  });

  it("leaves the verdict as it is when the platform fails, and says what to do", async () => {
    const made = await start();
    server.fail(/^POST .*traces$/, { kind: "status", status: 500, body: "{}" }, 100);
    expect(await made.gate({ export: "langfuse" })).toBe(4);
    expect(made.printed()).toMatchObject({ verdict: "pass", exitCode: 0 });
    expect(made.said.join("\n")).toMatch(
      /the verdict of greeter stands \(pass\), but not all of it is on langfuse/,
    );
  });

  it("keeps the exit code of a failure whatever the platform does", async () => {
    const models = await startOpenAiServer({
      reply: ({ body }) => {
        const asked = body.messages.map(({ content }) => content).join(" ");
        return { kind: "answer", text: asked.includes("Say nothing") ? "no" : asked };
      },
    });
    const made = await start({ baseUrl: models.baseUrl }, "Say nothing.");
    server.fail(/^POST .*traces$/, { kind: "status", status: 403, body: "{}" }, 100);
    const code = await made.gate({ export: "langfuse" });
    expect(made.printed().verdict).toBe("fail");
    expect(code).toBe(1);
    expect(made.said.join()).toContain("the verdict of greeter stands (fail)");
    await models.close();
  });

  it("has nothing to export where no answer was needed", async () => {
    const made = await start({}, "Answer only from the context.");
    expect(await made.gate({ export: "langfuse" })).toBe(0);
    expect(server.calls).toEqual([]);
    expect(made.said.join()).toContain("nothing to export");
  });

  it.each([
    [true, "USAGE", "neither cases nor versions are on a platform"],
    ["nowhere", "USAGE", 'there is no platform "nowhere"'],
    ["logfire", "CONFIG_INVALID", "nothing says how to reach logfire"],
  ] as const)("refuses the target %s before anything is asked", async (target, code, message) => {
    const made = await start();
    expect(await refusal(made.gate({ export: target }))).toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});
