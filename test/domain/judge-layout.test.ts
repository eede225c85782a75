import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { readJudgeTask, renderJudgeTask, type JudgeTask } from "../../src/domain/judge-layout.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("| x", "<<<ab end>>>", "NONCE: ab\n", "REFUSED: 1"),
);
const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const name = fc.stringMatching(/^[A-Za-z0-9_.-]{0,20}$/);
const scale = fc.oneof(
  fc.record({
    kind: fc.constant("choices" as const),
    labels: fc.array(text),
    notApplicable: fc.array(text),
  }),
  fc.record({ kind: fc.constant("likert" as const), min: fc.integer(), max: fc.integer() }),
  fc.record({ kind: fc.constant("pairwise" as const) }),
);
const task: fc.Arbitrary<JudgeTask> = fc.record({
  nonce: hex,
  tag: hex,
  rubric: fc.record({ name: text, scale, criteria: fc.array(fc.record({ id: text, question: text })) }),
  sections: fc.array(
    fc.record({
      kind: fc.constantFrom("variable" as const, "expected" as const, "message" as const, "output" as const),
      name,
      text: fc.array(text).map((lines) => lines.join("\n")),
    }),
    { minLength: 1 },
  ),
  refused: fc.option(text, { nil: null }),
});

describe("the layout of a judge's task", () => {
  it("reads back what was rendered, whatever the data holds", () => {
    fc.assert(
      fc.property(task, (given) => {
        // JSON has no -0 and the reader no prototypes: compare what JSON keeps.
        expect(JSON.parse(JSON.stringify(readJudgeTask(renderJudgeTask(given))))).toEqual(
          JSON.parse(JSON.stringify(given)),
        );
      }),
    );
  });

  it.each([
    "",
    "Context: x\n\nQuestion: y",
    "NONCE: ab",
    "NONCE: ab\nRUBRIC: {broken}",
    "NONCE: ab\nRUBRIC: {}",
    `NONCE: ab\nRUBRIC: {"name":"x","scale":{"kind":"choices"},"criteria":[]}`,
    "NONCE: xyz\nRUBRIC: {}",
  ])("is not seen in %j", (other) => {
    expect(readJudgeTask(other)).toBeNull();
  });
});
