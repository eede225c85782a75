import { describe, expect, it } from "vitest";
import type { PromptSource, PromptTemplate } from "../../src/domain/prompt.ts";
import { findChanges } from "../../src/gate/changes.ts";
import type { ModelIdentity } from "../../src/gate/change-model.ts";
import { requiredTier } from "../../src/gate/required-tier.ts";
import { aTemplate } from "../registries/a-version.ts";
import { messages, sameModel, source } from "./a-change.ts";

function turns(...texts: string[]): PromptSource {
  return source({ messages: texts.map((content) => ({ role: "user", content })) });
}

function openai(model: string): ModelIdentity {
  return { provider: "openai", model };
}

describe("findChanges on the interface", () => {
  it.each([
    ["an added variable", "Hi.", "Hi. {{name}}", "major: variable {{name}} was added"],
    ["a removed variable", "Hi {{name}}.", "Hi.", "major: variable {{name}} was removed"],
    [
      "a renamed variable",
      "Hi {{name}}.",
      "Hi {{user}}.",
      "major: variable {{name}} was replaced by {{user}}",
    ],
  ])("calls %s major", (_, before, after, expected) => {
    expect(messages(turns(before), turns(after))).toContain(expected);
  });

  it("takes white space inside braces for white space", () => {
    expect(requiredTier(findChanges(turns("Hi {{name}}."), turns("Hi {{ name }}."), sameModel))).toBe(
      "patch",
    );
  });

  it("calls a renamed prompt major", () => {
    const found = findChanges(source(), source({}, "help"), sameModel);
    expect(found).toEqual([
      { tier: "major", path: "name", message: 'the prompt was renamed from "support" to "help"' },
    ]);
  });

  it.each([
    ["an added message", ["system", "user", "assistant"]],
    ["another role", ["system", "assistant"]],
    ["another order", ["user", "system"]],
    ["a removed message", ["system"]],
  ] as const)("calls %s major", (_, roles) => {
    const before = source({
      messages: ["system", "user"].map((role) => ({ role: role as "user", content: role })),
    });
    const after = source({ messages: roles.map((role) => ({ role, content: role })) });
    expect(messages(before, after)).toEqual([
      `major: the roles of the messages changed from system, user to ${roles.join(", ")}`,
    ]);
  });

  it("calls two messages of one role that changed places major", () => {
    const found = findChanges(turns("First.", "Second."), turns("Second.", "First."), sameModel);
    expect(requiredTier(found)).toBe("major");
    expect(found[0]?.message).toContain("order of the messages");
  });

  it.each([
    ["text", "json_object"],
    ["json_object", "text"],
    ["json_object", "json_schema"],
  ] as const)("calls a response format of %s turned %s major", (before, after) => {
    expect(messages(source({ responseFormat: before }), source({ responseFormat: after }))).toEqual([
      `major: the response format changed from ${before} to ${after}`,
    ]);
  });

  it("never overlooks a difference, even in a field that it does not know", () => {
    const strange = { ...aTemplate(), plugin: "x" } as PromptTemplate;
    expect(messages(source(), { ...source(), template: strange })).toEqual([
      "major: the prompt changed in a way that no rule describes",
    ]);
  });

  it("overlooks what changes no behaviour", () => {
    const other = { ...source(), version: "2.0.0", changeReason: "x", description: "y", metadata: { a: 1 } };
    expect(findChanges(source(), other, sameModel)).toEqual([]);
  });
});

describe("findChanges on the model", () => {
  it.each([
    ["gpt-4o-mini-2024-07-18", "gpt-4o-mini", "minor"],
    ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20", "minor"],
    ["gpt-4-0613", "gpt-4", "minor"],
    ["claude-3-5-sonnet-20241022", "claude-3-5-sonnet-latest", "minor"],
    ["gemini-1.5-pro-001", "gemini-1.5-pro-002", "minor"],
    ["mistral-large-2407", "mistral-large-2411", "minor"],
    ["gpt-4o", "gpt-4o-mini", "major"],
    ["gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "major"],
    ["gpt-4", "gpt-4.1", "major"],
    ["llama-3-8b", "llama-3-70b", "major"],
    ["qwen-7b-2048", "qwen-7b-9999", "major"],
  ])("calls %s -> %s %s", (before, after, tier) => {
    const found = findChanges(source(), source(), {
      baselineModel: openai(before),
      candidateModel: openai(after),
    });
    expect(found.map((finding) => finding.tier)).toEqual([tier]);
    expect(found[0]?.message).toContain(`openai:${before}`);
  });

  it("calls another provider another family", () => {
    const found = findChanges(source(), source(), {
      baselineModel: openai("gpt-4o"),
      candidateModel: { provider: "azure", model: "gpt-4o" },
    });
    expect(requiredTier(found)).toBe("major");
  });

  it("calls another entry of the config with the same model minor", () => {
    expect(messages(source(), source({ model: "alias" }))[0]).toMatch(/^minor: the model's entry/);
  });

  it.each([
    [{ temperature: 0.2 }, { temperature: 0.7 }, "modelParameters.temperature changed from 0.2 to 0.7"],
    [{}, { maxTokens: 5 }, "modelParameters.maxTokens changed from the model's default to 5"],
    [{ stop: ["a"] }, {}, 'modelParameters.stop changed from ["a"] to the model\'s default'],
  ])("calls the parameters %j -> %j minor", (before, after, message) => {
    expect(messages(source({ modelParameters: before }), source({ modelParameters: after }))).toEqual([
      `minor: ${message}`,
    ]);
  });
});
