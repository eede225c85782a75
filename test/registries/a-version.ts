import { promptDigest, type PromptTemplate } from "../../src/domain/prompt.ts";
import type { PromptVersion } from "../../src/domain/registry.ts";

export const SOME_TIME = Date.UTC(2026, 10, 20, 10, 0, 0);

export function aTemplate(changes: Partial<PromptTemplate> = {}): PromptTemplate {
  return {
    messages: [
      { role: "system", content: "You are a support agent for {{company}}." },
      { role: "user", content: "{{query}}" },
    ],
    model: "gpt-4o-mini",
    modelParameters: { temperature: 0.2 },
    responseFormat: "text",
    tools: [],
    ...changes,
  };
}

/** A version ready to be published; `text` is the system message. */
export function aVersion(version: string, text?: string, name = "customer-support"): PromptVersion {
  const template =
    text === undefined ? aTemplate() : aTemplate({ messages: [{ role: "system", content: text }] });
  return {
    name,
    version,
    changeReason: `why ${version}`,
    template,
    digest: promptDigest(template),
    author: "Ada Lovelace <ada@example.com>",
    createdAt: new Date(SOME_TIME).toISOString(),
  };
}
