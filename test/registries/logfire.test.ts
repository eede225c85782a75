import { logfireRegistry } from "../../src/registries/logfire.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { connectionTo, startLogfire } from "../loopback/logfire-server.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };
const usual = { weights: true, singleWriter: false };

registryContract("a registry on Logfire", async () => {
  const server = await startLogfire();
  return {
    registry: logfireRegistry({ ...connectionTo(server), ...usual }, clock),
    cleanup: async () => server.close(),
  };
});
