import { promptLayerRegistry } from "../../src/registries/promptlayer.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { connectionTo, startPromptLayer } from "../loopback/promptlayer-server.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract("a registry on PromptLayer", async () => {
  const server = await startPromptLayer();
  return {
    registry: promptLayerRegistry(connectionTo(server), clock),
    cleanup: async () => server.close(),
  };
});
