import { afterAll, afterEach, describe, expect, it } from "vitest";
import { langfuseRegistry } from "../../src/registries/langfuse.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { connectionTo, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract("a registry on Langfuse", async () => {
  const server = await startLangfuse();
  return {
    registry: langfuseRegistry({ ...connectionTo(server), folder: "" }, clock),
    cleanup: async () => {
      await server.close();
      expect(server.violations).toEqual([]);
    },
  };
});
