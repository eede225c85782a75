import { describe, expect, it } from "vitest";
import { aFolder, files, load, problemsOf } from "./project-folder.ts";

const KEY = `MCowBQYDK2VwAyEA${"A".repeat(43)}=`;
const OTHER = `MCowBQYDK2VwAyEA${"B".repeat(42)}A=`;

const WORKFLOW = "o/r/.github/workflows/prompt-gate.yml@refs/heads/main";

function withConfig(yaml: string): Record<string, string> {
  return { ...files, "promptgate.yaml": `${files["promptgate.yaml"]}${yaml}\n` };
}

describe("evidence in the config", () => {
  it("asks for no signature, and lets a month pass, unless something else is said", async () => {
    const { evidence, approvers } = await load(aFolder(files));
    expect(evidence).toEqual({ keys: {}, github: null, require: "any", maxAgeMs: 30 * 86_400_000 });
    expect(approvers).toEqual([]);
  });

  it.each([
    { yaml: `evidence: { keys: { ci: ${KEY} } }`, expected: { require: "signed" } },
    { yaml: `evidence: { keys: { ci: ${KEY} }, require: any }`, expected: { require: "any" } },
    { yaml: "evidence: { maxAge: 12h }", expected: { maxAgeMs: 12 * 3_600_000 } },
  ])("reads $yaml", async ({ yaml, expected }) => {
    expect((await load(aFolder(withConfig(yaml)))).evidence).toMatchObject(expected);
  });

  it("reads whose attestations by GitHub count, and the trusted root as its text", async () => {
    const yaml = `evidence: { github: { workflows: [${WORKFLOW}], trustedRoot: root.jsonl } }`;
    const { evidence } = await load(aFolder({ ...withConfig(yaml), "root.jsonl": "{}" }));
    expect(evidence).toMatchObject({
      github: { workflows: [WORKFLOW], trustedRoot: "{}" },
      require: "signed",
    });
  });

  it.each([
    {
      yaml: `evidence: { github: { workflows: [${WORKFLOW}], trustedRoot: root.jsonl } }`,
      problem: /evidence\.github\.trustedRoot: root\.jsonl no such file/,
    },
    {
      yaml: `evidence: { github: { workflows: [${WORKFLOW}], trustedRoot: ../root.jsonl } }`,
      problem: /evidence\.github\.trustedRoot: \.\.\/root\.jsonl lies outside the project/,
    },
    {
      yaml: `evidence: { github: { workflows: ["${WORKFLOW.replace("heads/main", "pull/7/merge")}"], trustedRoot: r } }`,
      problem: /workflows\[0\]: expected OWNER\/REPO\/\.github\/workflows\/FILE\.yml@refs\/heads\/BRANCH/,
    },
    {
      yaml: "evidence: { github: { workflows: [], trustedRoot: r } }",
      problem: /evidence\.github\.workflows/,
    },
    {
      yaml: "evidence: { require: signed }",
      problem: /evidence\.require: signed evidence needs evidence\.keys/,
    },
    {
      yaml: "evidence: { keys: { ci: abc } }",
      problem: /evidence\.keys\.ci: expected an ed25519 public key/,
    },
    { yaml: "evidence: { maxAge: long }", problem: /evidence\.maxAge: expected a duration/ },
    { yaml: "evidence: { key: {} }", problem: /unknown key; did you mean "keys"\?/ },
    { yaml: `approvers: [{ name: Bea, email: none, key: ${KEY} }]`, problem: /approvers\[0\]\.email/ },
    {
      yaml: `approvers: [{ name: Bea, email: b@example.com, key: ${KEY} }, { name: Cy, email: c@example.com, key: ${KEY} }]`,
      problem: /approvers\[1\]\.key: entry 1 has the same key: one person is one entry/,
    },
    {
      yaml: `approvers: [{ name: Bea, email: b@example.com, key: ${KEY} }, { name: bea, email: c@example.com, key: ${OTHER} }]`,
      problem: /approvers\[1\]\.name: entry 1 has the same name/,
    },
    {
      yaml: `approvers: [{ name: Bea, email: b@example.com, key: ${KEY} }, { name: Cy, email: B@example.com, key: ${OTHER} }]`,
      problem: /approvers\[1\]\.email: entry 1 has the same email/,
    },
  ])("refuses $yaml", async ({ yaml, problem }) => {
    expect(await problemsOf(withConfig(yaml))).toEqual([expect.stringMatching(problem)]);
  });
});
