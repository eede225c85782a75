import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { mlflowRegistry, mlflowSettings } from "../../src/registries/mlflow.ts";
import { registryFaultsContract } from "../contracts/registry-faults.contract.ts";
import { refusesPrompts, refusesSettings } from "../contracts/registry-refusals.contract.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { connectionTo, startMlflow, TOKEN, type MlflowServer } from "../loopback/mlflow-server.ts";
import { aTemplate, aVersion } from "./a-version.ts";

let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };

registryContract("a registry on MLflow", async () => {
  const server = await startMlflow();
  return {
    registry: mlflowRegistry(connectionTo(server), clock),
    cleanup: async () => server.close(),
  };
});

registryFaultsContract(async () => {
  const server = await startMlflow();
  const { fail, close, shelf } = server;
  return {
    vendor: "mlflow",
    secret: TOKEN,
    open: (changes = {}) => mlflowRegistry({ ...connectionTo(server), ...changes }, clock),
    fail,
    creates: /^POST .*\/model-versions\/create$/,
    points: /^POST .*\/alias$/,
    stored: (of) => shelf.models.get(of === "prompt" ? prompt : `${prompt}.rollout`)?.versions.length ?? 0,
    close,
  };
});

const tag = (key: string, value: string) => ({ key, value });
const isPrompt = tag("mlflow.prompt.is_prompt", "true");

describe("a registry on MLflow", () => {
  let server: MlflowServer;
  let registry: Registry;
  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20, 12);
    server = await startMlflow();
    registry = mlflowRegistry(connectionTo(server), clock);
  });
  afterEach(async () => server.close());

  const tagsOf = (name: string): Record<string, string> =>
    Object.fromEntries(
      server.shelf.models
        .get(name)
        ?.versions.at(-1)
        ?.tags.map(({ key, value }) => [key, value]) ?? [],
    );

  function byHand(name: string, values: Readonly<Record<string, string>>): void {
    const tags = Object.entries(values).map(([key, value]) => tag(key, value));
    server.shelf.create(name, [isPrompt]);
    server.shelf.addVersion(name, [isPrompt, ...tags], "by hand");
  }

  it("stores a chat and its model as MLflow's own clients do, and what is ours beside them", async () => {
    await registry.publish(aVersion("1.0.0"));
    const stored = tagsOf(prompt);
    expect(stored).toMatchObject({ "mlflow.prompt.is_prompt": "true", _mlflow_prompt_type: "chat" });
    expect(JSON.parse(stored["mlflow.prompt.text"] ?? "")).toEqual(aTemplate().messages);
    expect(JSON.parse(stored["_mlflow_prompt_model_config"] ?? "")).toEqual({
      model_name: "gpt-4o-mini",
      temperature: 0.2,
    });
    expect(JSON.parse(stored["promptgate"] ?? "")).toMatchObject({ version: "1.0.0" });
  });

  it("keeps a companion that applications find under its production alias, and does not list it", async () => {
    await registry.publish(aVersion("1.0.0"));
    await registry.moveLabel(aMove());
    expect(server.shelf.models.get(`${prompt}.rollout`)?.aliases.get("production")).toBe(1);
    expect((await registry.listPrompts()).items).toEqual([prompt]);
  });

  it("reads more prompts and versions than a page has", async () => {
    for (let one = 0; one < 230; one += 1) byHand(`mail-${one}`, { "mlflow.prompt.text": "x" });
    for (let one = 0; one < 200; one += 1) byHand("many", { "mlflow.prompt.text": `x ${one}` });
    expect((await registry.listPrompts({ limit: 1000 })).items).toHaveLength(231);
    expect((await registry.listVersions("many", { limit: 1000 })).items).toHaveLength(200);
  });

  it("has no prompt with the name of a model, and adds nothing to the model", async () => {
    server.shelf.create("churn", []);
    await expect(registry.publish(aVersion("1.0.0", "Text.", "churn"))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: expect.stringContaining("is a registered model") as string,
    });
    expect(server.shelf.models.get("churn")?.versions).toEqual([]);
    expect(await registry.readVersion("churn", { kind: "latest" })).toBeNull();
  });

  it("makes a prompt once where the answer to that was lost", async () => {
    server.fail(/registered-models\/create$/, { kind: "done", status: 500 });
    expect(await registry.publish(aVersion("1.0.0"))).toMatchObject({ created: true });
    expect(server.shelf.models.get(prompt)?.versions).toHaveLength(1);
  });

  it("has no version that is longer than a tag, and makes nothing of it", async () => {
    await expect(registry.publish(aVersion("1.0.0", "x".repeat(100_000)))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: expect.stringContaining("too long") as string,
    });
    expect(server.shelf.models.size).toBe(0);
  });

  it.each(["latest", "v1"])("has no label %s: versions are called so there", async (label) => {
    await registry.publish(aVersion("1.0.0"));
    await expect(registry.moveLabel(aMove({ label }))).rejects.toMatchObject({ code: "USAGE" });
  });

  it("takes a page that is no MLflow for a failure, and not for a prompt that is missing", async () => {
    server.fail(/alias$/, { kind: "status", status: 404, body: "<html>Not Found</html>" });
    await expect(registry.readVersion(prompt, { kind: "label", label: "production" })).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
    });
  });

  it("is not misled by the number of a deleted version that another one got", async () => {
    await registry.publish(aVersion("1.0.0"));
    await registry.publish(aVersion("1.1.0", "Other."));
    await registry.moveLabel(aMove({ to: "1.1.0" }));
    server.shelf.removeNewest(prompt);
    byHand(prompt, { "mlflow.prompt.text": "By hand" });
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toEqual([]);
    await expect(registry.moveLabel(aMove({ expected: "1.1.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("tells whoever moves a label to a version that is deleted meanwhile", async () => {
    await registry.publish(aVersion("1.0.0"));
    const body = JSON.stringify({
      error_code: "RESOURCE_DOES_NOT_EXIST",
      message: "Model Version not found",
    });
    server.fail(/^POST .*\/alias$/, { kind: "status", status: 404, body }, 2);
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
      message: expect.stringContaining("was deleted") as string,
    });
  });

  it("finds out who changed the text of a version", async () => {
    await registry.publish(aVersion("1.0.0"));
    const changed = { ...tagsOf(prompt), "mlflow.prompt.text": '[{"role":"user","content":"Other"}]' };
    server.shelf.removeNewest(prompt);
    byHand(prompt, changed);
    await expect(registry.listVersions(prompt)).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
  });

  it("sees who moves a label by hand, and takes that for the truth", async () => {
    await registry.publish(aVersion("1.0.0"));
    await registry.publish(aVersion("1.1.0", "Other."));
    await registry.moveLabel(aMove());
    server.shelf.setAlias(prompt, "production", 2);
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([{ version: "1.1.0", by: "unknown (mlflow)" }]);
  });

  it.each([
    ["a text", { "mlflow.prompt.text": "Hi {{who}}", _mlflow_prompt_type: "text" }, "user"],
    ["a text of an older client", { "mlflow.prompt.text": "Hi {{who}}" }, "user"],
    [
      "a chat",
      {
        "mlflow.prompt.text": '[{"role":"system","content":"Hi {{who}}"}]',
        _mlflow_prompt_type: "chat",
      },
      "system",
    ],
  ])("reads what people made as version 0.0.n: %s", async (_, values, role) => {
    byHand("mail", { ...values, _mlflow_prompt_model_config: '{"model_name":"gpt-4o","top_p":0.5}' });
    expect(await registry.readVersion("mail", { kind: "latest" })).toMatchObject({
      version: "0.0.1",
      author: "unknown (mlflow)",
      changeReason: "by hand",
      template: {
        messages: [{ role, content: "Hi {{who}}" }],
        model: "gpt-4o",
        modelParameters: { topP: 0.5 },
      },
    });
  });

  it.each([
    ["no text", {}],
    ["a chat that is no JSON", { "mlflow.prompt.text": "[", _mlflow_prompt_type: "chat" }],
    ["a chat that is no list", { "mlflow.prompt.text": "{}", _mlflow_prompt_type: "chat" }],
    [
      "a message of a tool",
      { "mlflow.prompt.text": '[{"role":"tool","content":"42"}]', _mlflow_prompt_type: "chat" },
    ],
    ["Jinja", { "mlflow.prompt.text": "{% if a %}b{% endif %}" }],
    ["a path", { "mlflow.prompt.text": "{{user.name}}" }],
    ["a filter", { "mlflow.prompt.text": "{{name | upper}}" }],
    ["a response format", { "mlflow.prompt.text": "x", _mlflow_prompt_response_format: "{}" }],
  ])("leaves out what says more than a prompt of ours can: %s", async (_, values) => {
    byHand("mail", values);
    expect((await registry.listVersions("mail")).items).toEqual([]);
  });

  it.each(["{", "7", "[]", '{"schema":"x"}'])("does not take for ours what has the tag %s", async (ours) => {
    byHand("mail", { "mlflow.prompt.text": "Plain", promptgate: ours });
    expect(await registry.readVersion("mail", { kind: "latest" })).toMatchObject({
      author: "unknown (mlflow)",
    });
  });

  refusesPrompts(
    () => ({ registry, calls: server.calls }),
    [
      ["a companion's name", { name: "desk.rollout" }, "hold rollouts"],
      ["Jinja", { text: "{% if a %}b{% endif %}" }, "Jinja"],
      ["a path", { text: "{{user.name}}" }, "is a path"],
      ["a NUL", { text: "a\u0000b" }, "NUL character"],
      ["half a character", { text: "a\ud83d" }, "half of a surrogate pair"],
    ],
  );
});

describe("the settings of a registry on MLflow", () => {
  it("need nothing at all: a server of this machine asks for no password", () => {
    expect(() => openRegistry({ kind: "mlflow" }, "/nowhere")).not.toThrow();
  });

  it.each([
    [{}, null],
    [{ token: "abc" }, "Bearer abc"],
    [{ username: "ada", password: "secret" }, "Basic YWRhOnNlY3JldA=="],
  ])("say who asks: %j", (settings, authorization) => {
    expect(mlflowSettings.parse(settings)).toMatchObject({ authorization });
  });

  refusesSettings({ kind: "mlflow" }, [
    [{ username: "ada" }, "registry.password"],
    [{ password: "secret" }, "registry.password"],
    [{ username: "a:b", password: "secret" }, "registry.username"],
    [{ username: "ada", password: "secret", token: "abc" }, "registry.token"],
    [{ token: "two words" }, "registry.token"],
    [{ folder: "team" }, "registry"],
  ]);
});
