import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";

const folders = [".github/workflows", "templates/init/.github/workflows"];
const workflows = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".yml"))
    .map((name) => join(folder, name)),
);
const guides = ["docs/action.md", "docs/workflows.md"].flatMap((file) =>
  Array.from(readFileSync(file, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm), ([, text = ""], index) => ({
    file: `${file} (${index + 1})`,
    text,
  })),
);
const whole = guides.filter(({ text }) => /^jobs:$/m.test(text));
const texts = [...workflows.map((file) => ({ file, text: readFileSync(file, "utf8") })), ...whole];

let documents = 0;

/** `name` ends as GitHub tells the kinds of files apart. What was parsed is remembered by its address. */
async function problems(name: string, text: string): Promise<string[]> {
  documents += 1;
  const found = await validate(TextDocument.create(`file:///${documents}/${name}`, "yaml", 1, text));
  return found.map(
    ({ message, range }) =>
      `${range.start.line + 1}: ${typeof message === "string" ? message : message.value}`,
  );
}

const WORKFLOW = ".github/workflows/workflow.yml";

describe("the workflows", () => {
  it("are all there", () => {
    expect(workflows.length).toBeGreaterThanOrEqual(10);
    expect(whole.length).toBeGreaterThanOrEqual(1);
  });

  it.each(texts)("$file says nothing that GitHub's own parser objects to", async ({ text }) => {
    expect(await problems(WORKFLOW, text)).toEqual([]);
  });

  it.each(["", "promote/", "advance/", "rollback/"])("%saction.yml says no more", async (folder) => {
    const name = `${folder}action.yml`;
    expect(await problems(name, readFileSync(name, "utf8"))).toEqual([]);
    expect(await problems(name, "name: a\nruns:\n  using: node99\n")).not.toEqual([]);
  });

  it("would be objected to where something is wrong", async () => {
    const text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz: []\n";
    expect(await problems(WORKFLOW, text)).not.toEqual([]);
  });

  it.each(texts)(
    "$file gives no permission that a job does not name, and no script text of others",
    ({ file, text }) => {
      const least =
        file === join(".github/workflows", "ci.yml")
          ? "permissions:\n  contents: read\n"
          : "permissions: {}\n";
      expect(text).toContain(`\n${least}`);
      for (const [, script = ""] of text.matchAll(/^\s+(?:- )?run: (\|\n(?: {10,}.*\n)+|.*)/gm)) {
        expect(script).not.toContain("${{");
      }
    },
  );

  it("pin every action of GitHub to a commit, with the version beside it", () => {
    for (const { text } of texts) {
      for (const [, action = "", revision = ""] of text.matchAll(/uses: (actions\/\S+)@(.*)$/gm)) {
        expect([action, revision]).toEqual([
          action,
          expect.stringMatching(/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/),
        ]);
      }
    }
  });
});
