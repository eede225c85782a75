import { describe, expect, it } from "vitest";
import { openaiModel } from "../../src/models/openai.ts";
import { loopbackSettings, modelDependencies } from "./a-request.ts";

function create(baseUrl: string): () => unknown {
  return () => openaiModel(loopbackSettings(baseUrl), modelDependencies());
}

describe("a base URL", () => {
  it.each([
    "https://example.com/v1",
    "https://my-resource.openai.azure.com/openai/deployments/gpt-4o",
    "http://localhost:11434/v1",
    "http://127.0.0.1:8000/v1/",
    "http://127.1:8000",
    "http://[::1]:8000/v1",
    "http://10.1.2.3/v1",
    "http://172.31.0.1/v1",
    "http://192.168.1.1/v1",
    "http://[fd00::1]/v1",
    "http://ollama:11434/v1",
    "http://host.docker.internal:8000/v1",
  ])("%s is accepted", (baseUrl) => {
    expect(create(baseUrl)).not.toThrow();
  });

  it.each([
    ["http://example.com/v1", "without encryption"],
    ["http://172.32.0.1/v1", "without encryption"],
    ["http://8.8.8.8/v1", "without encryption"],
    ["http://[2001:db8::1]/v1", "without encryption"],
    ["http://127.0.0.1.example.com/v1", "without encryption"],
    ["ftp://example.com/v1", "no http(s) URL"],
    ["file:///etc/passwd", "no http(s) URL"],
    ["example.com/v1", "no http(s) URL"],
    ["", "no http(s) URL"],
    ["https://user:pass@example.com/v1", "user name or password"],
    ["https://example.com/v1?api-version=1", "query or fragment"],
    ["https://example.com/v1#x", "query or fragment"],
  ])("%s is refused: %s", (baseUrl, reason) => {
    expect(create(baseUrl)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(reason) as string }),
    );
  });
});

describe("a header", () => {
  it("that HTTP does not allow is refused without quoting its value", () => {
    const settings = loopbackSettings("https://example.com/v1", { headers: { "x-token": "secret\nvalue" } });
    expect(() => openaiModel(settings, modelDependencies())).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: "model test-model: header x-token is no valid HTTP header",
      }),
    );
  });
});
