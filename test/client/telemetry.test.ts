import { context, ROOT_CONTEXT, trace, type ContextManager, type Span } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { createPromptClient, type PromptClient, type Telemetry } from "../../src/client/index.ts";
import { movableClock, prompt, scriptedSource } from "./a-source.ts";

afterEach(() => {
  context.disable();
});

describe("@opentelemetry/api", () => {
  it("is found where it is installed, and its active span is marked from the first prompt on", async () => {
    const attributes: unknown[] = [];
    const span = { setAttributes: (given: unknown) => attributes.push(given) } as unknown as Span;
    const active = trace.setSpan(ROOT_CONTEXT, span);
    context.setGlobalContextManager({ active: () => active, disable: () => {} } as unknown as ContextManager);
    const client = createPromptClient({ source: scriptedSource(), clock: movableClock(), environment: {} });
    await client.getPrompt(prompt, { unit: "user-1" });
    expect(attributes).toEqual([
      { "prompt.name": prompt, "prompt.version": "1.0.0", "prompt.variant": "stable" },
    ]);
  });
});

function clientWith(telemetry: Telemetry): PromptClient {
  return createPromptClient({ source: scriptedSource(), clock: movableClock(), environment: {}, telemetry });
}

describe("telemetry that is handed in", () => {
  it.each([
    ["has no span", () => undefined],
    [
      "fails",
      () => {
        throw new Error("no context");
      },
    ],
  ])("takes no prompt away when it %s", async (_, getActiveSpan) => {
    const client = clientWith({ trace: { getActiveSpan } });
    expect(await client.getPrompt(prompt)).toMatchObject({ version: "1.0.0" });
  });

  it("is used in place of what is installed", async () => {
    const attributes: unknown[] = [];
    const span = { setAttributes: (given: unknown) => attributes.push(given) };
    await clientWith({ trace: { getActiveSpan: () => span } }).getPrompt(prompt);
    expect(attributes).toHaveLength(1);
  });
});
