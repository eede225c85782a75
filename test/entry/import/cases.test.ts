import { describe, expect, it } from "vitest";
import { config, imported } from "./promptfoo-folder.ts";

/** The cases that tests become. */
async function datasets(rest: string, files: Record<string, string> = {}, prompt = "{{a}} {{b}}") {
  const made = await imported(config(rest, prompt), files);
  return { made, cases: made.cases("golden-datasets/prompt.jsonl") };
}

describe("tests", () => {
  it("multiply lists of texts out, keep other lists, and read files", async () => {
    const { cases } = await datasets(
      "tests: [{ vars: { a: [x, y], b: [p, q], c: [1, 2], d: file://d.txt, e: file://e.yaml, f: 'see {{a}}' }, assert: [{ type: is-json }] }]\n",
      { "d.txt": "text\n", "e.yaml": "k: [1]\n" },
    );
    expect(cases.map(({ vars }) => vars)).toEqual(
      ["xp", "xq", "yp", "yq"].map(([a = "", b = ""]) => ({
        a,
        b,
        c: [1, 2],
        d: "text",
        e: '{"k":[1]}',
        f: `see ${a}`,
      })),
    );
    expect(new Set(cases.map(({ id }) => id)).size).toBe(4);
  });

  it("keep their ids when others come before them", async () => {
    const tests = ["{ vars: { a: x, b: y } }", "{ vars: { a: z, b: y }, description: Äpfel & Öl }"];
    const first = await datasets(`tests: [${tests.join(", ")}]\n`);
    const second = await datasets(`tests: [{ vars: { a: 0, b: 0 } }, ${tests.toReversed().join(", ")}]\n`);
    const ids = first.cases.map(({ id }) => id);
    expect(ids[1]).toBe("apfel-ol");
    expect(second.cases.map(({ id }) => id)).toEqual([expect.any(String), ids[1], ids[0]]);
  });

  it("with the same description, variables or metadata.id have ids of their own", async () => {
    const { cases } = await datasets(
      "tests: [{ description: d, vars: { a: 1, b: 1 } }, { description: d, vars: { a: 2, b: 1 } }, { vars: { a: 1, b: 1 } }, { vars: { a: 1, b: 1 } }, { metadata: { id: T-1 }, vars: { a: 3, b: 1 } }]\n",
    );
    expect(new Set(cases.map(({ id }) => id)).size).toBe(5);
    expect(cases[4]).toMatchObject({ id: "T-1", metadata: { id: "T-1" } });
  });

  it("come from JSON, JSON Lines, YAML and scenarios alike", async () => {
    const { cases, made } = await datasets(
      "tests: [file://t.json, file://t.jsonl, file://t.yaml]\nscenarios: [{ config: [{ vars: { a: s1 } }, { vars: { a: s2 } }], tests: [{ vars: { b: t } }] }]\ndefaultTest: file://default.yaml\n",
      {
        "t.json": '[{"vars":{"a":"j"}}]',
        "t.jsonl": '{"vars":{"a":"l1"}}\n{"vars":\n{"vars":{"a":"l2"}}\n',
        "t.yaml": "- vars: { a: y }\n- { vars: { a: z }, assert: [{ type: javascript, value: x }] }\n",
        "default.yaml": "vars: { b: shared }\nassert: [{ type: contains, value: ok }]\n",
      },
    );
    const pairs = cases.map(({ vars }) =>
      Object.values(vars as Record<string, string>)
        .toSorted()
        .join(),
    );
    expect(pairs).toEqual(["j,shared", "l1,shared", "l2,shared", "shared,y", "shared,z", "s1,t", "s2,t"]);
    expect(made.lost).toEqual([
      expect.stringMatching(/^t\.jsonl:2:1/),
      expect.stringMatching(/^t\.yaml:2:\d+ \[1\]\.assert\[0\]: javascript: runs code/),
    ]);
  });

  it("without a variable of the prompt get an empty one, as promptfoo renders it", async () => {
    const { cases, made } = await datasets("tests: [{ vars: { a: x } }]\n");
    expect(cases[0]?.["vars"]).toEqual({ a: "x", b: "" });
    expect(made.changed).toEqual([expect.stringContaining("the test has no b, which prompt uses")]);
  });

  it("are one test when the config has none", async () => {
    const { cases } = await datasets("defaultTest: { assert: [{ type: is-json }] }\n", {}, "Say hello");
    expect(cases).toHaveLength(1);
  });

  it("lose their assertions, with a word for each, when a transform changes what they check", async () => {
    const { cases, made } = await datasets(
      "tests: [{ vars: { a: x, b: y }, options: { transform: output.trim() }, assert: [{ type: contains, value: a }] }]\n",
    );
    expect(cases[0]).not.toHaveProperty("assert");
    expect(made.lost.join()).toContain("it checks an output that the test's transform changed");
    expect(made.lost.join()).toContain("nothing checks prompt");
  });

  it("that need code, another provider, or too many combinations are left behind with their place", async () => {
    const many = Array.from({ length: 5 }, (_, index) => `v${index}: [a,b,c,d,e,f,g,h,i,j]`).join(", ");
    const { cases, made } = await datasets(
      `tests:\n  - { vars: { a: file://x.js, b: y } }\n  - { vars: { a: x, b: y }, provider: openai:gpt-4o }\n  - { vars: { a: x, b: y }, providers: ["anthropic:*"] }\n  - { vars: { ${many} } }\n  - file://gen.py\n  - { path: "file://gen.py:make" }\n  - https://docs.google.com/spreadsheets/d/1\n  - { vars: { a: "{{ env.HOME }}", b: y } }\n  - { vars: { a: kept, b: y }, providers: ["openai:*"], threshold: 0.5 }\n`,
    );
    expect(cases.map(({ vars }) => vars)).toEqual([{ a: "kept", b: "y" }]);
    const lost = made.lost.join("\n");
    for (const [line, word] of [
      [4, "x.js is code"],
      [5, "a provider of its own"],
      [6, "for another provider"],
      [7, "multiply to more than"],
      [8, "gen.py is code"],
      [9, "made by a program"],
      [10, "live elsewhere"],
      [11, "{{ env.HOME }} in a variable is template logic"],
      [12, "a case has no pass mark of its own"],
    ] as const) {
      expect(lost).toMatch(
        new RegExp(`^promptfooconfig\\.yaml:${line}:.*${word.replace(/[{}.]/g, "\\$&")}`, "m"),
      );
    }
  });
});
