import { EOL } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  annotate,
  inertLog,
  maskSecrets,
  printLog,
  shownAnnotations,
  type Annotation,
} from "../../src/github/workflow-commands.ts";
import { visible } from "../../src/domain/visible.ts";
import { seededRandom } from "../../src/stats/random.ts";
import { runnerCommands } from "./runner-commands.ts";

const syntax = ["::", "::", "##[", "]", "\n", "set-output name=verdict", "error", "add-mask"];
const others = [
  "::",
  ":",
  "##[",
  "##",
  "[",
  "]",
  "\n",
  "\r",
  "\r\n",
  " ",
  "\t",
  "\u0085",
  "\u2028",
  "\v",
  "\f",
]
  .concat(["\u00a0", "stop-commands", "save-state name=x", "group", "x", "%0A", "\u0000", "\u200b", "\ufeff"])
  .concat(["\u3000", "\u001b[2K", "=", ",", "title=a", "pass", "%25", "\ud800", "😀"]);
// Syntax often enough that many texts are commands.
const pieces = Array.from({ length: 6 }, () => syntax)
  .flat()
  .concat(others);

function* randomTexts(count: number): Generator<string> {
  const random = seededRandom(20_261_121);
  for (let index = 0; index < count; index += 1) {
    const length = 1 + Math.floor(random() * 10);
    yield Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)] ?? "").join("");
  }
}

const annotation: Annotation = {
  level: "error",
  title: "promptgate: fail",
  message: "worse",
  file: "prompts/a.prompt.yml",
  line: 3,
};

let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What a call prints. */
function output(call: () => void): string {
  printed = "";
  call();
  return printed;
}

describe("what is printed", () => {
  it("holds no command of the text's own in 300,000 random ones, though many of them would be", () => {
    let raw = 0;
    const live: string[] = [];
    for (const text of randomTexts(300_000)) {
      if (runnerCommands(text).length > 0) raw += 1;
      if (runnerCommands(inertLog(text)).length > 0 || runnerCommands(inertLog(visible(text))).length > 0) {
        live.push(text);
      }
    }
    expect(raw).toBeGreaterThan(3_000);
    expect(live).toEqual([]);
  });

  it("keeps ordinary text as it is", () => {
    const text = "verdict: fail\n  a::b and # heading, [x], ## [y]\n\ttab";
    expect(inertLog(text)).toBe(text);
  });

  it("makes exactly one command of an annotation, whatever its texts say", () => {
    const wrong = [...randomTexts(20_000)].filter((text) => {
      const print = () => annotate({ ...annotation, title: text, message: text, file: text });
      const [only, ...others] = runnerCommands(output(print));
      return only?.name !== "error" || only.properties["line"] !== "3" || others.length > 0;
    });
    expect(wrong).toEqual([]);
  });

  it("names file, line and message as they are", () => {
    const [command] = runnerCommands(
      output(() => annotate({ ...annotation, message: "a, b: 100 %\nsecond" })),
    );
    expect(command).toEqual({
      name: "error",
      data: "a, b: 100 %\nsecond",
      properties: { file: "prompts/a.prompt.yml", line: "3", title: "promptgate: fail" },
    });
  });

  it("prints lines of which none is a command, through the toolkit", () => {
    expect(output(() => printLog("a\n::error::b\n##[add-mask]c"))).toBe(
      `a\n:\u200b:error::b\n##\u200b[add-mask]c${EOL}`,
    );
  });

  it("hides a secret as it is, of several lines too, and as headers carry it", () => {
    const commands = runnerCommands(output(() => maskSecrets(["secret one\ntwo%", "short"])));
    expect(commands.map(({ name }) => name)).toEqual(["add-mask", "add-mask", "add-mask"]);
    expect(commands.map(({ data }) => data)).toEqual([
      "secret one\ntwo%",
      Buffer.from("secret one\ntwo%").toString("base64"),
      Buffer.from("x-access-token:secret one\ntwo%").toString("base64"),
    ]);
  });

  it("shows ten annotations of a level and counts the rest", () => {
    const shown = shownAnnotations([
      ...Array.from({ length: 25 }, () => annotation),
      ...Array.from({ length: 10 }, (): Annotation => ({ ...annotation, level: "warning" })),
    ]);
    expect(shown.filter(({ level }) => level === "error")).toHaveLength(10);
    expect(shown.filter(({ level }) => level === "error").at(-1)?.message).toContain("16 more");
    expect(shown.filter(({ level }) => level === "warning")).toHaveLength(10);
  });
});
