import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { aProject, aPrompt, type TestProject } from "../../e2e/project.ts";
import {
  PUBLIC_KEY,
  SECRET_KEY,
  startLangfuse,
  type LangfuseServer,
} from "../../loopback/langfuse-server.ts";
import { refusal } from "../gate-checkout.ts";
import { gitProject, type GitProject } from "../git-project.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
let server: LangfuseServer;
let stranger: LangfuseServer;
const made: TestProject[] = [];

beforeEach(async () => {
  server = await startLangfuse("v4", () => NOON + 60_000);
  stranger = await startLangfuse();
  for (let index = 0; index < 40; index += 1) put(index, {}, NOON);
});
afterEach(async () => {
  await server.close();
  await stranger.close();
  for (const project of made.splice(0)) project.remove();
});

function put(index: number, fields: Record<string, unknown>, at: number): void {
  const assert = [{ type: "contains", value: `${index + 3}`, metric: "price" }];
  const input = {
    query: `What does article ${index} cost?`,
    context: `Article ${index} costs ${index + 3} euros.`,
  };
  const metadata = { promptgate: { assert, ...fields } };
  server.datasets.put("golden", { id: `case-${index}`, input, expectedOutput: null, metadata }, at);
}

interface Config {
  readonly prompts: { readonly greeter: { dataset: Record<string, unknown> } };
  readonly platforms: { readonly langfuse: Record<string, unknown> };
}

function changeConfig({ project }: GitProject, change: (config: Config) => void): void {
  const config: Config = parse(readFileSync(join(project.folder, "promptgate.yaml"), "utf8"));
  change(config);
  project.write("promptgate.yaml", stringify(config));
}

async function repository(pin: Record<string, string>): Promise<GitProject> {
  const access = { publicKey: "${LANGFUSE_PUBLIC_KEY}", secretKey: "${LANGFUSE_SECRET_KEY}" };
  const project = aProject({
    prompt: { dataset: { from: "langfuse", name: "golden", ...pin } },
    config: { platforms: { langfuse: { baseUrl: server.baseUrl, ...access } } },
  });
  made.push(project);
  const checkout = await gitProject(project);
  const keys = { LANGFUSE_PUBLIC_KEY: PUBLIC_KEY, LANGFUSE_SECRET_KEY: SECRET_KEY };
  Object.assign(checkout.context, { environment: { ...checkout.context.environment, ...keys } });
  return checkout;
}

const AT_NOON = { version: "2026-11-20T12:00:00Z" };

describe("gate --base with cases on a platform", () => {
  it("takes the cases of both revisions, each as it pins them", async () => {
    const checkout = await repository(AT_NOON);
    put(3, { critical: true, tags: ["new"] }, NOON + 30_000);
    changeConfig(checkout, ({ prompts }) => {
      prompts.greeter.dataset["version"] = "2026-11-20T12:00:45Z";
    });
    await checkout.gate({ base: checkout.base });
    expect(checkout.said.join("\n")).toContain("greeter: cases edited: case-3");
  });

  it("sends no key to an address that a change brings along", async () => {
    const checkout = await repository(AT_NOON);
    checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer from the context."));
    changeConfig(checkout, ({ platforms }) => {
      platforms.langfuse["baseUrl"] = stranger.baseUrl;
    });
    await checkout.gate({ base: checkout.base });
    expect(stranger.calls).toEqual([]);
    expect(server.calls.length).toBeGreaterThan(0);
  });

  it("keeps the rules of the base when its platform is down", async () => {
    const checkout = await repository(AT_NOON);
    server.fail(/dataset/, { kind: "status", status: 403, body: "{}" }, 100);
    checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer from the context."));
    expect(await refusal(checkout.gate({ base: checkout.base }))).toMatchObject({ code: "AUTHENTICATION" });
  });

  it("goes on, and says so, when the cases of the base are no longer what it pins", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const checkout = await repository({ digest });
    changeConfig(checkout, ({ prompts }) => {
      prompts.greeter.dataset = { from: "langfuse", name: "golden", ...AT_NOON };
    });
    await checkout.gate({ base: checkout.base });
    expect(checkout.said.join("\n")).toContain("those of the base cannot be read");
    expect(checkout.said.join("\n")).toContain("rules, judges and baseline come from");
  });
});
