import { storeContract } from "../contracts/store.contract.ts";
import { memoryStore } from "./memory-store.ts";

storeContract("the fake of the tests", async () => {
  const store = memoryStore();
  return { store, reopened: () => store, cleanup: async () => {} };
});
