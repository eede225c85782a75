import { describe, expect, it } from "vitest";
import { loadSettings } from "../../src/config/load-settings.ts";
import { aFolder } from "./project-folder.ts";

async function settingsOf(yaml: string, environment: Record<string, string> = {}) {
  const directory = aFolder({ "promptgate.yaml": yaml });
  return loadSettings({ directory, configPath: undefined, environment });
}

describe("loadSettings", () => {
  it("reads where versions and history are, and the names of the prompts", async () => {
    const yaml = "version: 1\nregistry: { kind: file, path: here }\nprompts: { desk: {}, greeter: {} }\n";
    expect(await settingsOf(yaml)).toMatchObject({
      configFile: "promptgate.yaml",
      registry: { kind: "file", path: "here" },
      store: { kind: "file" },
      prompts: ["desk", "greeter"],
    });
  });

  it.each([
    "version: 99",
    "models: { main: { provider: nobody, apiKey: '${NOT_SET}' } }",
    "prompts: [not, a, mapping]",
    "waivers: [{ expires: yesterday }]\ngates: nonsense\nunknown: true",
    "metrics: { source: prometheus, url: '${NOT_SET}' }",
  ])("does not mind what is wrong elsewhere: %s", async (yaml) => {
    expect(await settingsOf(`registry: { kind: file }\n${yaml}\n`)).toMatchObject({
      registry: { kind: "file" },
    });
  });

  it("takes a store's address from the environment, and says which variable is missing", async () => {
    const yaml = "registry: { kind: git, url: '${REMOTE}' }\n";
    expect(await settingsOf(yaml, { REMOTE: "ssh://host/x" })).toMatchObject({
      registry: { url: "ssh://host/x" },
    });
    await expect(settingsOf(yaml)).rejects.toThrow("the environment variable REMOTE is not set");
  });

  it.each([
    { yaml: "registry: [", message: /promptgate\.yaml/ },
    { yaml: "- a list", message: /no mapping of keys to values|expected/ },
    { yaml: "registry: { path: x }", message: /registry\.kind/ },
    { yaml: "", message: /empty/ },
  ])("refuses what names no place: $yaml", async ({ yaml, message }) => {
    await expect(settingsOf(yaml)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message) as string,
    });
  });
});
