import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import type { PromptSource } from "../../src/domain/prompt.ts";
import { TIERS, type Tier } from "../../src/domain/tier.ts";
import { findChanges } from "../../src/gate/changes.ts";
import { requiredTier } from "../../src/gate/required-tier.ts";
import { sameModel, source, system, tierOf } from "./a-change.ts";

function rank(tier: Tier | null): number {
  return tier === null ? -1 : TIERS.indexOf(tier);
}

function placeholders(names: readonly string[]): string {
  return names.map((name) => `{{${name}}}`).join(" ");
}

function two(first: string, second: string): PromptSource {
  return source({
    messages: [
      { role: "system", content: first },
      { role: "user", content: second },
    ],
  });
}

describe("properties of findChanges", () => {
  const word = fc.constantFrom(
    "answer",
    "question",
    "kind",
    "never",
    "cite",
    "source",
    "refund",
    "{{query}}",
    "30",
  );
  const sentence = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => `${words.join(" ")}.`);
  const sentences = fc.array(sentence, { minLength: 1, maxLength: 8 });
  const free = fc.string({ unit: "grapheme", maxLength: 80 });

  it("finds nothing between a prompt and itself", () => {
    fc.assert(
      fc.property(free, (text) => {
        expect(findChanges(system(text), system(text), sameModel)).toEqual([]);
      }),
    );
  });

  it("finds something between any two texts that differ", () => {
    fc.assert(
      fc.property(free, free, (before, after) => {
        fc.pre(before !== after);
        expect(tierOf(before, after)).not.toBeNull();
      }),
    );
  });

  it("asks for the same tier in both directions when variables come and go", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 });
    fc.assert(
      fc.property(names, names, (before, after) => {
        const forth = tierOf(placeholders(before), placeholders(after));
        expect(tierOf(placeholders(after), placeholders(before))).toBe(forth);
        const same = before.toSorted().join() === after.toSorted().join();
        expect(forth === "major").toBe(!same);
      }),
    );
  });

  it("asks for at least minor when a whole sentence is inserted anywhere, on one line or its own", () => {
    const separator = fc.constantFrom(" ", "\n", "\n\n- ");
    fc.assert(
      fc.property(sentences, sentence, fc.nat(), separator, (before, added, at, between) => {
        const after = before.toSpliced(at % (before.length + 1), 0, added);
        expect(rank(tierOf(before.join(between), after.join(between)))).toBeGreaterThanOrEqual(rank("minor"));
      }),
    );
  });

  it("calls any change of white space alone a patch", () => {
    const space = fc.stringMatching(/^[ \t\n\r]{1,4}$/);
    fc.assert(
      fc.property(sentences, fc.array(space, { minLength: 1, maxLength: 5 }), (before, spaces) => {
        const text = before.join(" ");
        const after = text
          .split(" ")
          .map((part, index) => part + (spaces[index % spaces.length] ?? " "))
          .join("");
        expect(after).not.toBe(text);
        expect(tierOf(text, after)).toBe("patch");
      }),
    );
  });

  it("asks for no less when a further change is made in another message", () => {
    fc.assert(
      fc.property(free, free, free, free, (a, b, c, d) => {
        const one = requiredTier(findChanges(two(a, c), two(b, c), sameModel));
        const both = requiredTier(findChanges(two(a, c), two(b, d), sameModel));
        expect(rank(both)).toBeGreaterThanOrEqual(rank(one));
      }),
    );
  });
});
