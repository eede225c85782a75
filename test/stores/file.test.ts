import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../src/domain/store.ts";
import { openStore } from "../../src/stores/index.ts";
import { storeContract } from "../contracts/store.contract.ts";
import { SOME_TIME } from "../registries/a-version.ts";

storeContract("the file store", async () => {
  const root = await mkdtemp(join(tmpdir(), "promptgate-store-"));
  const reopened = (): Store => openStore({ kind: "file" }, root, { now: () => SOME_TIME }, {});
  return { store: reopened(), reopened, cleanup: async () => rm(root, { recursive: true, force: true }) };
});
