import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GateError } from "../../src/domain/errors.ts";
import { aFolder, files, load } from "./project-folder.ts";

describe("where the config is", () => {
  it("is found above, up to the root of the repository", async () => {
    const root = aFolder({ ...files, "a/b/x.txt": "", ".git/HEAD": "" });
    expect((await load(join(root, "a/b"))).root).toBe(root);
    mkdirSync(join(root, "a/.git"));
    await expect(load(join(root, "a/b"))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("promptgate init") as unknown,
    });
  });

  it("is what --config names, and its folder is the project's", async () => {
    const root = aFolder(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`p/${name}`, text])),
    );
    expect((await load(root, {}, "p/promptgate.yaml")).root).toBe(join(root, "p"));
  });

  it.each([
    ["missing.yaml", "missing.yaml: no such file"],
    [".", "is a folder, not a file"],
    ["empty.yaml", "empty.yaml: the file is empty"],
    ["list.yaml", "list.yaml:1:1: expected a mapping, got a list"],
  ])("--config %s", async (path, expected) => {
    const folder = aFolder({ "empty.yaml": " \n", "list.yaml": "- 1" });
    const error = await load(folder, {}, path).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(GateError);
    expect((error as GateError).message).toContain(expected);
  });
});
