import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { promptDigest } from "../../src/domain/prompt.ts";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { langsmithRegistry } from "../../src/registries/langsmith.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { API_KEY, connectionTo, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";
import { chat, message } from "../loopback/langsmith-manifests.ts";
import { aTemplate, aVersion } from "./a-version.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract(
  "a registry on LangSmith",
  async () => {
    const server = await startLangsmith();
    return {
      registry: langsmithRegistry(connectionTo(server), clock),
      cleanup: async () => server.close(),
    };
  },
  { plainNames: "LangSmith's own clients refuse other handles" },
);

describe("what a registry on LangSmith stores", () => {
  let server: LangsmithServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startLangsmith();
    registry = langsmithRegistry(connectionTo(server), clock);
  });
  afterAll(async () => server.close());

  it("is a private chat that LangChain can load, its reason as the description, the rest in its metadata", async () => {
    await registry.publish(aVersion("1.0.0"));
    const [commit] = server.hub.commitsOf(prompt);
    expect(commit?.description).toBe("1.0.0: why 1.0.0");
    const [, user] = aTemplate().messages;
    expect(commit?.manifest).toMatchObject({
      lc: 1,
      type: "constructor",
      id: ["langchain", "prompts", "chat", "ChatPromptTemplate"],
      kwargs: {
        input_variables: ["company", "query"],
        messages: [
          { id: ["langchain", "prompts", "chat", "SystemMessagePromptTemplate"] },
          {
            kwargs: {
              prompt: {
                id: ["langchain", "prompts", "prompt", "PromptTemplate"],
                kwargs: { template: "{query}", template_format: "f-string", input_variables: ["query"] },
              },
            },
          },
        ],
        metadata: { promptgate: expect.stringContaining('"version":"1.0.0"') as string },
      },
    });
    expect(user?.content).toBe("{{query}}");
    expect(server.calls.filter((call) => call.startsWith("POST"))).toHaveLength(2);
  });

  it("is never taken for an object of LangChain's, or for the name of a secret", async () => {
    const secret = { lc: 1, type: "secret", id: ["OPENAI_API_KEY"] };
    const version = { ...aVersion("1.0.0", "Hi", "sly"), metadata: { secret, constructor: secret } };
    await registry.publish(version);
    expect(await registry.readVersion("sly", { kind: "latest" })).toEqual(version);
    const [commit] = server.hub.commitsOf("sly");
    expect(JSON.stringify(commit?.manifest)).not.toContain('"type":"secret"');
  });

  it("is a companion that applications find under its production tag", async () => {
    await registry.moveLabel(aMove());
    const [only, ...others] = server.hub.commitsOf(`${prompt}--rollout`);
    expect(others).toEqual([]);
    expect(server.hub.tagsOf(`${prompt}--rollout`)).toEqual({ production: only?.id });
    expect((await registry.listPrompts()).items).toEqual([prompt, "sly"]);
  });

  it.each([
    ["white space in a variable", "Dear {{ name }},", "mustache", "Dear {{ name }},"],
    ["single braces", 'Answer as {"a": {{b}}}.', "f-string", 'Answer as {{"a": {b}}}.'],
    ["no variable", "Be kind.", "f-string", "Be kind."],
  ])("comes back the same with %s", async (_, text, format, stored) => {
    const name = `text-${format}-${stored.length}`;
    const version = aVersion("1.0.0", text, name);
    await registry.publish(version);
    expect(await registry.readVersion(name, { kind: "latest" })).toEqual(version);
    const written = JSON.stringify(server.hub.commitsOf(name)[0]?.manifest);
    expect(written).toContain(JSON.stringify({ template: stored }).slice(1, -1));
    expect(written).toContain(`"template_format":"${format}"`);
  });

  it("keeps whose message it is, the developer's too", async () => {
    const messages = (["developer", "user", "assistant", "user"] as const).map((role) => ({
      role,
      content: role,
    }));
    const template = aTemplate({ messages });
    const version = { ...aVersion("1.0.0", "", "roles"), template, digest: promptDigest(template) };
    await registry.publish(version);
    expect(await registry.readVersion("roles", { kind: "latest" })).toEqual(version);
  });

  it("is read over several pages, whatever is changed meanwhile", async () => {
    const names = Array.from({ length: 230 }, (_, at) => `many-${at}`);
    for (const name of names) server.hub.addByHand(name, chat([message("Human", "x")]));
    server.hub.addPublic("somebody-elses");
    const { items } = await registry.listPrompts({ limit: 1000 });
    expect(items).toEqual(expect.arrayContaining(names) as string[]);
    expect(items).not.toContain("somebody-elses");
    for (let at = 0; at < 250; at += 1) server.hub.addByHand("long", chat([message("Human", `${at}`)]));
    const versions = await registry.listVersions("long", { limit: 1000 });
    expect(versions.items.map(({ version }) => version)).toEqual(
      Array.from({ length: 250 }, (_, at) => `0.0.${250 - at}`),
    );
    server.hub.addByHand("long", chat([message("Human", "one more")]));
    const before = server.calls.length;
    expect((await registry.readVersion("long", { kind: "latest" }))?.version).toBe("0.0.251");
    expect(server.calls.slice(before)).toHaveLength(1);
  });

  it("is read again where a commit turns up among older ones", async () => {
    for (const text of ["a", "b"]) server.hub.addByHand("late", chat([message("Human", text)]));
    expect((await registry.listVersions("late")).items).toHaveLength(2);
    server.hub.showLate("late", chat([message("Human", "between")]));
    const { items } = await registry.listVersions("late");
    expect(items.map(({ template }) => template.messages[0]?.content)).toEqual(["b", "between", "a"]);
  });

  it.each([
    ["a name that begins with a digit", { name: "2nd" }, "begin with a letter"],
    ["a companion's name", { name: "desk--rollout" }, "hold rollouts"],
    ["logic", { text: "{{#each}}{{/each}}" }, "logic or an unescaped value"],
    ["a path", { text: "{{user.name}}" }, "is a path"],
    ["a NUL", { text: "a\u0000b" }, "NUL character"],
    ["half a character", { text: "a\ud83d" }, "half of a surrogate pair"],
  ])(
    "is no prompt with %s, and nobody is asked",
    async (_, { name, text }: { name?: string; text?: string }, reason) => {
      const before = server.calls.length;
      await expect(registry.publish(aVersion("1.0.0", text ?? "Text.", name))).rejects.toMatchObject({
        code: "PROMPT_INVALID",
        message: expect.stringContaining(reason) as string,
      });
      expect(server.calls).toHaveLength(before);
    },
  );

  it.each([
    ["latest", "newest version"],
    ["deadbeef", "taken for the hash"],
  ])("is no label %s, and no tag is moved", async (label, reason) => {
    await expect(registry.moveLabel(aMove({ label }))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(reason) as string,
    });
  });
});

describe("the settings of a registry on LangSmith", () => {
  const settings = { kind: "langsmith", apiKey: API_KEY };
  const workspaceId = "0a5b3c1d-7e8f-4a2b-9c3d-1e2f3a4b5c6d";

  it("need nothing but the key", () => {
    expect(() => openRegistry(settings, "/nowhere")).not.toThrow();
  });

  it("name the workspace that a key of an organization is used for", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push(headers["x-tenant-id"] as string | undefined);
      response.end('{"commits":[],"total":0}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const more of [{}, { workspaceId }]) {
      await openRegistry({ ...settings, baseUrl, ...more }, "/nowhere").history("desk");
    }
    expect(seen).toEqual([undefined, workspaceId]);
    server.closeAllConnections();
    server.close();
  });

  it.each([
    [{ baseUrl: "https://user:secret@langsmith.example" }, "registry.baseUrl"],
    [{ apiKey: "two words" }, "registry.apiKey"],
    [{ apiKey: undefined }, "registry.apiKey"],
    [{ workspaceId: "mine" }, "registry.workspaceId"],
    [{ timeout: "0s" }, "registry.timeout"],
    [{ region: "eu" }, "registry"],
  ])("are refused with their place: %j", (changes, place) => {
    expect(() => openRegistry({ ...settings, ...changes }, "/nowhere")).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(`^${place}`) as string,
      }),
    );
  });
});
