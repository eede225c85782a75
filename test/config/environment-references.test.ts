import { describe, expect, it } from "vitest";
import { aFolder, edited, load, problemsOf } from "./project-folder.ts";

function withKey(key: string): Record<string, string> {
  return edited("promptgate.yaml", "model: gpt-4o-2024-11-20 }", `model: gpt-4o-2024-11-20, ${key} }`);
}

describe("the environment", () => {
  it("replaces references in models", async () => {
    const folder = aFolder(
      withKey('apiKey: "${OPENAI_KEY}", headers: { Authorization: "Bearer ${OPENAI_KEY}" }'),
    );
    const { models } = await load(folder, { OPENAI_KEY: "sk-test" });
    expect(models["judge"]).toMatchObject({
      apiKey: "sk-test",
      headers: { Authorization: "Bearer sk-test" },
    });
  });

  it.each([
    ['apiKey: "${NOPE}"', "models.judge.apiKey: the environment variable NOPE is not set"],
    ['apiKey: "${EMPTY}"', "models.judge.apiKey: the environment variable EMPTY is empty"],
    [
      'apiKey: "${A-B}"',
      'models.judge.apiKey: expected the name of an environment variable in ${…}, got "A-B"',
    ],
    ['apiKey: "${constructor}"', "models.judge.apiKey: the environment variable constructor is not set"],
    [
      "apiKey: sk-live-abc",
      "models.judge.apiKey: expected a reference such as ${VAR}: a secret must not stand in a file",
    ],
    [
      "headers: { X-Api-Key: sk-live-abc }",
      "models.judge.headers.X-Api-Key: expected a reference such as ${VAR}: a secret must not stand in a file",
    ],
    ["apiKey: 5", "models.judge.apiKey: expected text, got 5"],
  ])("%s is refused", async (key, expected) => {
    const found = await problemsOf(withKey(key), { EMPTY: "" });
    expect(found).toEqual([expect.stringContaining(expected)]);
    expect(found.join()).not.toContain("sk-live-abc");
  });

  it("never repeats the value of a variable", async () => {
    const found = await problemsOf(withKey('timeout: "${SECRET}"'), { SECRET: "hunter2-hunter2" });
    expect(found).toEqual([expect.stringContaining('got "${SECRET}"')]);
  });
});
