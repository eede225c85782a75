import { afterAll, beforeAll, describe } from "vitest";
import { phoenixRegistry } from "../../src/registries/phoenix.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { startRealPhoenix, withoutPhoenix, type RealPhoenix } from "../loopback/phoenix-program.ts";

const clock = { now: () => Date.now() };

describe.skipIf(withoutPhoenix !== null)("a real Phoenix", () => {
  let phoenix: RealPhoenix;
  beforeAll(async () => {
    phoenix = await startRealPhoenix();
  }, 180_000);
  afterAll(async () => phoenix.close());

  const connection = () => ({ baseUrl: phoenix.baseUrl, apiKey: null, timeoutMs: 30_000 });

  registryContract(
    "a registry on a real Phoenix",
    async () => ({
      registry: phoenixRegistry(connection(), clock),
      cleanup: async () => phoenix.empty(),
    }),
    { plainNames: "Phoenix takes no other characters" },
  );
});
