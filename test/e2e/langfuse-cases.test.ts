import { afterAll, beforeAll, expect, it } from "vitest";
import { runDoctor } from "../../src/entry/commands/doctor.ts";
import { runPromote } from "../../src/entry/commands/promote.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { checkout, type Checkout } from "../entry/gate-checkout.ts";
import { PUBLIC_KEY, SECRET_KEY, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";
import { aProject, aPrompt, type TestProject } from "./project.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const common = { json: true, verbose: false };
const EXPERIMENT = "langfuse.experiment.name";
const PROMPT_VERSION = "langfuse.observation.prompt.version";

let server: LangfuseServer;
let project: TestProject;
let made: Checkout;

beforeAll(async () => {
  server = await startLangfuse("v3", () => NOON);
  const access = {
    baseUrl: server.baseUrl,
    publicKey: "${LANGFUSE_PUBLIC_KEY}",
    secretKey: "${LANGFUSE_SECRET_KEY}",
  };
  project = aProject({
    config: { registry: { kind: "langfuse", ...access } },
    prompt: { dataset: { from: "langfuse", name: "golden", version: "2026-11-20T12:00:00Z" } },
  });
  made = checkout(project.folder);
  Object.assign(made.context, {
    environment: { USER: "ada", LANGFUSE_PUBLIC_KEY: PUBLIC_KEY, LANGFUSE_SECRET_KEY: SECRET_KEY },
  });
  made.time.now = NOON;
  for (let index = 0; index < 80; index += 1) put(index, `${index + 3}`, NOON - 60_000);
});
afterAll(async () => {
  await server.close();
  project.remove();
});

function put(index: number, value: string, at: number): void {
  const input = {
    query: `What does article ${index} cost?`,
    context: `Article ${index} costs ${index + 3} euros.`,
  };
  const metadata = { promptgate: { assert: [{ type: "contains", value, metric: "price" }] } };
  server.datasets.put("golden", { id: `case-${index}`, input, expectedOutput: value, metadata }, at);
}

async function promote(to: string): Promise<number> {
  const options = { ...common, version: "greeter@1.1.0", to, dryRun: false, override: false };
  return runPromote(made.context, options);
}

/** Langfuse's numbers of the prompt that answers of one side are linked to. */
function linked(side: string): unknown[] {
  const spans = [...server.datasets.spans.values()].filter(({ attributes }) =>
    String(attributes[EXPERIMENT]).includes(` ${side} `),
  );
  return [...new Set(spans.map(({ attributes }) => attributes[PROMPT_VERSION]))];
}

it("gates on cases of Langfuse, writes the results back, and promotes on the evidence", async () => {
  await runPublish(made.context, { ...common, prompt: "greeter", label: "production", author: "ada" });
  project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer from the context."));
  expect(await made.gate({ export: true })).toBe(0);
  expect(server.datasets.runs.size).toBe(2);
  expect([linked("baseline"), linked("candidate")]).toEqual([[1], [undefined]]);

  await runPublish(made.context, { ...common, prompt: "greeter", author: "ada" });
  const { size } = server.datasets.scores;
  expect(await made.gate({ export: true })).toBe(0);
  expect(made.printed().prompts[0]?.stored).toBe(true);
  expect([linked("baseline"), linked("candidate")]).toEqual([[1], [2]]);
  expect(server.datasets.scores.size).toBe(size);
  expect([...server.datasets.runs.values()].map(({ items }) => items.length)).toEqual(
    Array.from({ length: 2 }, () => made.printed().prompts[0]?.cases.used),
  );

  // Somebody edits an item: on a server that forgets the pin these are other cases than those of the evidence.
  put(5, "nothing", NOON + 1000);
  server.datasets.habits.ignoresVersions = true;
  expect(await promote("staging")).toBe(3);
  server.datasets.habits.ignoresVersions = false;
  expect(await promote("staging")).toBe(0);
});

it("has an account that doctor finds in order", async () => {
  expect(await runDoctor(made.context, common)).toBe(0);
});
