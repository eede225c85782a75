import { symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ProblemsError } from "../../src/domain/problem.ts";
import { aFolder, edited, files, load } from "./project-folder.ts";

describe("files outside the project", () => {
  it("are refused behind symbolic links too", async () => {
    const outside = aFolder({ "desk.jsonl": files["desk.jsonl"] });
    const folder = aFolder(edited("promptgate.yaml", "dataset: desk.jsonl", "dataset: link/desk.jsonl"));
    symlinkSync(outside, join(folder, "link"));
    await expect(load(folder)).rejects.toThrow("link/desk.jsonl: lies outside the project");
  });

  it("are not outside when a link stays inside", async () => {
    const folder = aFolder(edited("promptgate.yaml", "dataset: desk.jsonl", "dataset: link.jsonl"));
    symlinkSync("desk.jsonl", join(folder, "link.jsonl"));
    expect((await load(folder)).prompts).toHaveLength(1);
  });

  it("are refused as absolute paths", async () => {
    const outside = aFolder({ "desk.jsonl": files["desk.jsonl"] });
    const config = files["promptgate.yaml"].replace("desk.jsonl", join(outside, "desk.jsonl"));
    await expect(load(aFolder({ ...files, "promptgate.yaml": config }))).rejects.toThrow(
      "lies outside the project",
    );
  });
});

describe("files that are too large", () => {
  it.each([
    ["promptgate.yaml", "promptgate.yaml: has 100 MB; the limit is 1 MB"],
    ["desk.prompt.yml", "desk.prompt.yml: has 100 MB; the limit is 1 MB"],
    ["desk.jsonl", "desk.jsonl: has 100 MB; the limit is 64 MB"],
  ])("%s is refused unread", async (file, expected) => {
    const folder = aFolder(files);
    truncateSync(join(folder, file), 100_000_000);
    const error = await load(folder).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(ProblemsError);
    expect((error as ProblemsError).message).toContain(expected);
  });
});
