import { context, ROOT_CONTEXT, trace, type ContextManager, type Span } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { createPromptClient } from "../../src/client/index.ts";
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
