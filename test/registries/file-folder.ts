import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { aVersion, SOME_TIME } from "./a-version.ts";

export const prompt = "customer-support";

/** A file registry in a folder of its own. */
export interface FileFolder {
  readonly root: string;
  /** Where the prompt's files are. */
  readonly folder: string;
  readonly registry: Registry;
  /** The same registry as another process would open it. */
  reopened(): Registry;
  move(to: string, expected: string | null, label?: string): Promise<void>;
  /** Versions 1.0.0 and 1.1.0, and production moved to the first, the second and back. */
  threeMoves(): Promise<void>;
  remove(): Promise<void>;
}

export async function fileFolder(): Promise<FileFolder> {
  const root = await mkdtemp(join(tmpdir(), "promptgate-registry-"));
  const reopened = (): Registry => {
    return openRegistry({ kind: "file", path: "registry" }, root, { now: () => SOME_TIME });
  };
  const registry = reopened();
  async function move(to: string, expected: string | null, label = "production"): Promise<void> {
    await registry.moveLabel({ prompt, label, to, expected, by: "Ada", reason: "because" });
  }
  return {
    root,
    folder: join(root, "registry", prompt),
    registry,
    reopened,
    move,
    async threeMoves() {
      await registry.publish(aVersion("1.0.0", "One."));
      await registry.publish(aVersion("1.1.0", "Two."));
      await move("1.0.0", null);
      await move("1.1.0", "1.0.0");
      await move("1.0.0", "1.1.0");
    },
    remove: async () => rm(root, { recursive: true, force: true }),
  };
}
