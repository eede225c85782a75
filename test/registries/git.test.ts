import { openRegistry } from "../../src/registries/index.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { bareEnvironment, gitRemote } from "../files/git-remote.ts";
import { SOME_TIME } from "./a-version.ts";

registryContract("the git registry", async () => {
  const remote = await gitRemote();
  const registry = openRegistry({ kind: "git" }, remote.clone, { now: () => SOME_TIME }, bareEnvironment);
  return { registry, cleanup: remote.remove };
});
