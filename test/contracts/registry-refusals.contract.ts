import { expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { aVersion } from "../registries/a-version.ts";

/** A prompt that a platform cannot have: what it is, its name or text, and a part of the reason. */
type Refusal = readonly [string, { readonly name?: string; readonly text?: string }, string];

/** What a platform cannot have is told before anybody is asked; part of a `describe` that opens `subject`. */
export function refusesPrompts(
  subject: () => { readonly registry: Registry; readonly calls: readonly string[] },
  refusals: readonly Refusal[],
): void {
  it.each(refusals)("has no prompt with %s, and nobody is asked", async (_, { name, text }, reason) => {
    const { registry, calls } = subject();
    const before = calls.length;
    await expect(registry.publish(aVersion("1.0.0", text ?? "Text.", name))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: expect.stringContaining(reason) as string,
    });
    expect(calls).toHaveLength(before);
  });
}

/** Settings that are right but for one change, and the place that the message names. */
export function refusesSettings(
  settings: Readonly<Record<string, unknown>> & { readonly kind: string },
  wrong: readonly (readonly [Readonly<Record<string, unknown>>, string])[],
): void {
  it.each([
    [{ baseUrl: "https://user:secret@platform.example" }, "registry.baseUrl"] as const,
    [{ baseUrl: "file:///etc/passwd" }, "registry.baseUrl"] as const,
    [{ timeout: "0s" }, "registry.timeout"] as const,
    [{ timeout: 5 }, "registry.timeout"] as const,
    ...wrong,
  ])("are refused with their place: %j", (changes, place) => {
    expect(() => openRegistry({ ...settings, ...changes }, "/nowhere")).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(`^${place}`) as string,
      }),
    );
  });
}
