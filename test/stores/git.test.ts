import type { Store } from "../../src/domain/store.ts";
import { openStore } from "../../src/stores/index.ts";
import { storeContract } from "../contracts/store.contract.ts";
import { bareEnvironment, gitRemote } from "../files/git-remote.ts";
import { SOME_TIME } from "../registries/a-version.ts";

storeContract("the git store", async () => {
  const remote = await gitRemote();
  const reopened = (): Store => {
    return openStore({ kind: "git" }, remote.clone, { now: () => SOME_TIME }, bareEnvironment);
  };
  return { store: reopened(), reopened, cleanup: remote.remove };
});
