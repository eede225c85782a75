import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import {
  fromFString,
  fromMustache,
  toFString,
  toMustache,
} from "../../../src/registries/vendor/template-syntax.ts";

describe("templates in f-string syntax", () => {
  it.each([
    { ours: "Hello {{name}}", theirs: "Hello {name}" },
    { ours: 'Answer as {"a": 1} for {{query}}', theirs: 'Answer as {{"a": 1}} for {query}' },
    { ours: "no variables", theirs: "no variables" },
    { ours: "{{a}}{{b}}", theirs: "{a}{b}" },
  ])("translate both ways: $theirs", ({ ours, theirs }) => {
    expect(toFString(ours)).toEqual({ kind: "text", text: theirs });
    expect(fromFString(theirs)).toEqual({ kind: "text", text: ours });
  });

  it.each([
    "{user.name}",
    "{items[0]}",
    "{value!r}",
    "{price:.2f}",
    "{}",
    "{0}",
    "open {",
    "close }",
    "{{{{x}}}}",
  ])("are refused when they say more than we can: %s", (theirs) => {
    expect(fromFString(theirs).kind).toBe("problem");
  });

  it.each(["{{ spaced }}", "{{with-dash}}", "{{a.b}}", "{{#if x}}"])(
    "cannot hold what would not come back the same: %s",
    (ours) => {
      expect(toFString(ours).kind).toBe("problem");
    },
  );

  it("come back as they went, whatever the text", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("{{name}}", "{", "}", "{{", "}}", "{x}", "{{a.b}}", "\n", "{{ n }}"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const ours = pieces.join("");
        const there = toFString(ours);
        const back = there.kind === "text" ? fromFString(there.text) : there;
        // What cannot be translated is refused, never changed.
        return back.kind === "problem" || back.text === ours;
      }),
      { numRuns: 3000 },
    );
  });
});

describe("templates in mustache and handlebars syntax", () => {
  it.each(["Hello {{name}}", "{{ spaced }} and {one brace}", "plain"])(
    "are ours as they stand: %s",
    (template) => {
      expect(fromMustache(template)).toEqual({ kind: "text", text: template });
      expect(toMustache(template)).toEqual({ kind: "text", text: template });
    },
  );

  it.each([
    "{{#each x}}",
    "{{/if}}",
    "{{^none}}",
    "{{> partial}}",
    "{{{raw}}}",
    "{{&raw}}",
    "{{! note }}",
    "{{user.name}}",
    "{{else}}",
    "{{helper arg}}",
    "{{=<% %>=}}",
  ])("are refused when they say more than we can: %s", (template) => {
    expect(fromMustache(template).kind).toBe("problem");
  });
});
