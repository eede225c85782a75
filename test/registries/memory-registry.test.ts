import { registryContract } from "../contracts/registry.contract.ts";
import { SOME_TIME } from "./a-version.ts";
import { memoryRegistry } from "./memory-registry.ts";

registryContract("the fake of the tests", async () => ({
  registry: memoryRegistry({ now: () => SOME_TIME }),
  cleanup: async () => {},
}));
