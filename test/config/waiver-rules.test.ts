import { describe, expect, it } from "vitest";
import { ProblemsError, renderProblem } from "../../src/domain/problem.ts";
import type { Project } from "../../src/domain/project.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { aFolder, files, load, problemsOf, schemas } from "./project-folder.ts";

// The clock of these projects stands at noon of 2026-11-21.

function withWaivers(...waivers: readonly string[]): Record<string, string> {
  const list = waivers.map((waiver) => `  - { ${waiver} }\n`).join("");
  return { ...files, "promptgate.yaml": `${files["promptgate.yaml"]}waivers:\n${list}` };
}

const TERMS = "owner: ana, reason: known, expires: 2026-12-01";
const line = files["promptgate.yaml"].split("\n").length + 1;

function until(expires: string): Record<string, string> {
  return withWaivers(`case: c1, owner: ana, reason: x, expires: ${expires}`);
}

describe("a waiver", () => {
  it("is read with what it leaves open as null, and belongs to the prompts that have what it names", async () => {
    const folder = aFolder(
      withWaivers(
        `case: c1, ${TERMS}`,
        `prompt: desk, metric: length, ${TERMS}`,
        `case: c2, metric: cost, ${TERMS}`,
      ),
    );
    const terms = { owner: "ana", reason: "known", expires: "2026-12-01" };
    expect((await load(folder)).prompts[0]?.waivers).toEqual([
      { prompt: null, case: "c1", metric: null, ...terms },
      { prompt: "desk", case: null, metric: "length", ...terms },
      { prompt: null, case: "c2", metric: "cost", ...terms },
    ]);
  });

  it("concerns no prompt that lacks its case", async () => {
    const second = files["promptgate.yaml"].replace(
      / {2}desk:[^]*/,
      (desk) => desk + desk.replace("  desk:", "  other:").replaceAll("desk.", "other."),
    );
    const folder = aFolder({
      ...files,
      "promptgate.yaml": `${second}waivers: [{ case: c2, ${TERMS} }, { metric: length, ${TERMS} }]\n`,
      "other.prompt.yml": files["desk.prompt.yml"].replace("name: desk", "name: other"),
      "other.jsonl": '{"id":"o1","vars":{"context":"a","query":"b"}}\n',
    });
    const { prompts } = await load(folder);
    expect(prompts.map(({ name, waivers }) => [name, waivers.length])).toEqual([
      ["desk", 2],
      ["other", 1],
    ]);
  });

  it.each([
    [
      `prompt: dsk, case: c1, ${TERMS}`,
      `waivers[0].prompt: the config has no such prompt; did you mean "desk"?`,
    ],
    [`case: c11, ${TERMS}`, 'waivers[0].case: no prompt has this case; did you mean "c1"?'],
    [
      `prompt: desk, case: c11, ${TERMS}`,
      'waivers[0].case: desk does not have this case; did you mean "c1"?',
    ],
    [`metric: lenght, ${TERMS}`, 'waivers[0].metric: no prompt has this metric; did you mean "length"?'],
    [TERMS, "waivers[0]: expected case, metric or both: what is waived"],
    [`case: c1, owner: ana, reason: x`, "waivers[0].expires: expected a day such as 2026-12-31, got nothing"],
    [`case: c1, reason: x, expires: 2026-12-01`, "waivers[0].owner: expected text, got nothing"],
    [
      `case: c1, owner: ana, reason: x, expires: 2026-02-30`,
      'waivers[0].expires: expected a day such as 2026-12-31, got "2026-02-30"',
    ],
    [
      `case: c1, owner: ana, reason: x, expires: 12/01/2026`,
      'waivers[0].expires: expected a day such as 2026-12-31, got "12/01/2026"',
    ],
    [`case: 7, ${TERMS}`, "waivers[0].case: expected text (put a number in quotes), got 7"],
    [`case: c1, until: tomorrow, ${TERMS}`, "waivers[0].until: unknown key"],
    [
      `case: c1, owner: ana, reason: x, expires: 2026-11-20`,
      "waivers[0].expires: the waiver of ana expired on 2026-11-20: correct what it covers, or let ana renew it",
    ],
  ])("is refused as { %s }", async (waiver, problem) => {
    const problems = await problemsOf(withWaivers(waiver));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^promptgate\\.yaml:${line}:\\d+ `));
    expect(problems[0]).toContain(problem);
  });

  it("does not let the owner's name write to the terminal", async () => {
    const [problem] = await problemsOf(
      withWaivers(`case: c1, owner: "a\\e[2Jb", reason: x, expires: 2026-11-20`),
    );
    expect(problem).toContain("the waiver of a\\u{1b}[2Jb expired");
  });

  it("is warned about from 91 days ahead", async () => {
    expect(await problemsOf(until("2027-02-19"))).toEqual([]);
    expect((await problemsOf(until("2027-02-20")))[0]).toContain("the waiver of ana holds for 91 days more");
  });
});

/** A project whose waiver holds until 2026-11-30, read at this time. */
function at(now: number, expired: "error" | "warning" = "error"): Promise<Project> {
  return loadProject({
    directory: aFolder(until("2026-11-30")),
    environment: {},
    waivers: { now, expired },
    schemas,
  });
}

describe("the last day of a waiver", () => {
  it("counts whole, in UTC", async () => {
    const { prompts } = await at(Date.UTC(2026, 10, 30, 23, 59, 59, 999));
    expect(prompts[0]?.waivers).toHaveLength(1);
    await expect(at(Date.UTC(2026, 11, 1))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("is only warned about where waivers decide nothing", async () => {
    const { warnings } = await at(Date.UTC(2026, 11, 1), "warning");
    expect(warnings.map(renderProblem)[0]).toContain("the waiver of ana expired on 2026-11-30");
  });

  it("is an error among all other errors", async () => {
    const folder = aFolder(
      withWaivers(
        `case: c1, owner: ana, reason: x, expires: 2026-11-01`,
        `case: nobody, owner: ben, reason: x, expires: 2026-11-02`,
      ),
    );
    const error: unknown = await load(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProblemsError);
    expect((error as ProblemsError).problems.map(({ path }) => path)).toEqual([
      "waivers[0].expires",
      "waivers[1].case",
      "waivers[1].expires",
    ]);
  });
});
