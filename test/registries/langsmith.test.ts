import { registryContract } from "../contracts/registry.contract.ts";
import { langsmithRegistry } from "../../src/registries/langsmith.ts";
import { connectionTo, startLangsmith } from "../loopback/langsmith-server.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract(
  "a registry on LangSmith",
  async () => {
    const server = await startLangsmith();
    return {
      registry: langsmithRegistry(connectionTo(server), clock),
      cleanup: async () => server.close(),
    };
  },
  { plainNames: "LangSmith's own clients refuse other handles" },
);
