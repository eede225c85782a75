import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { fromPromptLayer, toPromptLayer } from "../../src/registries/promptlayer-syntax.ts";

const user = (...contents: string[]) => contents.map((content) => ({ role: "user" as const, content }));

describe("templates on PromptLayer", () => {
  it.each([
    { ours: "Hello {{name}}\n", theirs: "Hello {name}\n" },
    { ours: 'Answer as {"a": 1} for {{query}}', theirs: 'Answer as {"a": 1} for {query}' },
    { ours: "{{a}}{{b}} { } {}", theirs: "{a}{b} { } {}" },
    { ours: "{{{a}}}", theirs: "{{a}}" },
    { ours: "50 {% off %} for {{who}}", theirs: "50 {% off %} for {who}" },
  ])("are f-strings wherever they can be, and come back: $theirs", ({ ours, theirs }) => {
    expect(toPromptLayer(user(ours))).toEqual({ kind: "written", format: "f-string", texts: [theirs] });
    expect(fromPromptLayer(theirs, "f-string")).toEqual({ kind: "text", text: ours });
  });

  it.each(["{name} stays for {{who}}", "Answer as {status: ok}", "{{ spaced }}", "{größe}"])(
    "are Jinja where an f-string would fill in or lose something: %s",
    (text) => {
      expect(toPromptLayer(user("Hi {{who}}", text))).toEqual({
        kind: "written",
        format: "jinja2",
        texts: ["Hi {{who}}", text],
      });
      expect(fromPromptLayer(text, "jinja2")).toEqual({ kind: "text", text });
    },
  );

  it.each([
    ["{name} {% if x %}", "logic"],
    ["{name} {# note #}", "comment"],
    ["{name} {{{who}}}", "expression"],
    ["{{user.name}}", "a path"],
    ["{{user-name}}", "a path"],
    ["{name} {{loop}}", "a word of the language"],
    ["{{name", "no plain {{name}}"],
    ["See @@@policy@@@", "the snippet @@@policy@@@"],
    ["a\u0000b", "NUL"],
    ["a\ud83d", "surrogate"],
  ])("are refused with the reason where neither can say it: %j", (text, reason) => {
    expect(toPromptLayer(user(text))).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining(reason) as string,
    });
  });

  it.each([
    ["{price:.2f}", "f-string", "no plain {name}"],
    ["{value!r}", "f-string", "no plain {name}"],
    ["{0}", "f-string", "no plain {name}"],
    ["{größe}", "f-string", "no plain {name}"],
    ["{{{name}}}", "f-string", "read as {{…}}"],
    ["{{#each}}", "f-string", "read as {{…}}"],
    ["{% for x in y %}", "jinja2", "logic"],
    ["{{ name | upper }}", "jinja2", "no plain {{name}}"],
    ["{{ user.name }}", "jinja2", "a path"],
    ["@@@snippet@@@", "jinja2", "the snippet"],
  ] as const)("that people wrote are left out with the reason: %s as %s", (text, format, reason) => {
    expect(fromPromptLayer(text, format)).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining(reason) as string,
    });
  });

  it("that people wrote are read as they are filled in there", () => {
    expect(fromPromptLayer("{{name}} {other}", "f-string")).toEqual({
      kind: "text",
      text: "{{{name}}} {{other}}",
    });
  });

  it("come back the same from whatever is written", () => {
    const piece = fc.oneof(
      fc.constantFrom("{{name}}", "{{ a }}", "{", "}", "{{", "}}", "{name}", "{a:b}", "{%", "@@@", "x", "\n"),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("");
        const written = toPromptLayer(user(text));
        if (written.kind === "problem") return;
        expect(fromPromptLayer(written.texts[0] ?? "", written.format)).toEqual({ kind: "text", text });
      }),
      { numRuns: 2000 },
    );
  });
});
