import { mkdirSync, symlinkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aPrompt } from "../e2e/project.ts";
import { loopbackGitHub, type LoopbackGitHub } from "../loopback/github.ts";
import { runnerCommands } from "../github/runner-commands.ts";
import { actionBundle, actionCheckout, type ActionCheckout } from "./action-checkout.ts";
import { OUTPUT_NAMES } from "../../src/entry/action/outputs.ts";
import { git } from "./git-project.ts";

const worse = "Answer only from the context. Answer in one word.";
const same = "Answer only from the context you are given.";

let github: LoopbackGitHub;
let checkout: ActionCheckout;
beforeAll(async () => {
  await actionBundle();
});
beforeEach(async () => {
  github = await loopbackGitHub();
});
afterEach(async () => {
  checkout.remove();
  await github.close();
});

async function change(text: string, version = "1.1.0"): Promise<void> {
  checkout = await actionCheckout(github);
  checkout.project.write("prompts/greeter.prompt.yml", aPrompt(version, text));
  checkout.commit("Change the prompt");
  checkout.merge();
}

describe("the action on a pull request", () => {
  it("passes in a moment and asks GitHub little when no prompt changed", async () => {
    checkout = await actionCheckout(github);
    checkout.project.write("README.md", "text");
    checkout.commit("Change something else");
    checkout.merge();
    const run = await checkout.run();
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "pass", changed: "false", bump: "none" } });
    expect(run.summary).toContain("No prompt changed");
    expect(github.state.comments).toEqual([]);
    expect(github.requests.length).toBeLessThanOrEqual(2);
  });

  it("fails a worse prompt in the log, the summary, the comment, the annotations and the files", async () => {
    await change(worse);
    const run = await checkout.run();
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({ verdict: "fail", changed: "true", "changed-prompts": '["greeter"]' });
    expect(Object.keys(run.outputs).sort()).toEqual([...OUTPUT_NAMES].sort());
    expect(run.summary).toContain("> [!CAUTION]");
    expect(run.log).toMatch(/^::error title=[^,]*,file=prompts\/greeter\.prompt\.yml,line=\d+::/m);
    expect(github.state.comments).toHaveLength(1);
    expect(github.state.comments[0]?.body).toMatch(/^<!-- promptgate:v1 key=default -->\n> \[!CAUTION\]/);
    expect(run.outputs["comment-url"]).toContain("issuecomment-");
    const report = JSON.parse(readFileSync(run.outputs["report-path"] ?? "", "utf8"));
    expect(report).toMatchObject({ schema: "promptgate/gate-result@1", verdict: "fail" });
    expect(github.tokens).toEqual(new Set(["token ghs_token_of_this_job"]));
    expect(run.log.replaceAll("::add-mask::ghs_token_of_this_job", "")).not.toContain("ghs_token");
  });

  it("changes its own comment among 200 others, in at most 12 requests", async () => {
    await change(worse);
    for (let id = 1; id <= 200; id += 1) {
      github.state.comments.push({ id, body: `comment ${id}`, user: { login: "someone", type: "User" } });
    }
    github.state.comments[3]!.body = "<!-- promptgate:v1 key=default -->\nplanted";
    await checkout.run();
    expect(github.state.comments).toHaveLength(201);
    expect(github.requests.length).toBeLessThanOrEqual(12);
    github.requests.length = 0;
    const second = await checkout.run();
    expect(second.exitCode).toBe(1);
    expect(github.state.comments).toHaveLength(201);
    expect(github.state.comments[3]?.body).toContain("planted");
    expect(github.requests.length).toBeLessThanOrEqual(12);
  });

  it("keeps one comment for each key", async () => {
    await change(worse);
    await checkout.run({ inputs: { "comment-key": "a" } });
    await checkout.run({ inputs: { "comment-key": "b" } });
    expect(github.state.comments.map(({ body }) => body.split("\n")[0])).toEqual([
      "<!-- promptgate:v1 key=a -->",
      "<!-- promptgate:v1 key=b -->",
    ]);
  });

  it.each([
    ["a missing permission", () => (github.state.refuseWrites = 403), /pull-requests: write/],
    ["a body that is refused at any length", () => (github.state.largestBody = 100), /422/],
  ])("takes %s for a warning and not for a verdict", async (_, prepare, expected) => {
    await change(worse);
    prepare();
    const run = await checkout.run();
    expect(run).toMatchObject({ exitCode: 1, outputs: { verdict: "fail", "comment-url": "" } });
    expect(run.log).toMatch(expected);
    expect(run.log).toMatch(/^::warning title=promptgate%3A no comment::/m);
    expect(run.summary).toContain("No comment on the pull request");
  });

  it("waits out a secondary rate limit, and sheds sections when the body is too long", async () => {
    await change(worse);
    github.state.limited = 2;
    github.state.largestBody = 25_000;
    const run = await checkout.run();
    expect(run.outputs["verdict"]).toBe("fail");
    expect(github.state.comments).toHaveLength(1);
  });

  it("holds the change to the base's rules, not to those that it brings along", async () => {
    await change(worse);
    const config = readFileSync(join(checkout.folder, "promptgate.yaml"), "utf8");
    checkout.project.write(
      "promptgate.yaml",
      config.replace("    file:", "    gates: { price: { level: off } }\n    file:"),
    );
    checkout.commit("Switch the gate off");
    checkout.merge();
    const run = await checkout.run();
    expect(run.outputs["verdict"]).toBe("fail");
    expect(run.summary).toContain("greeter.gates.price");
  });

  it("does not believe a verdict that the pull request commits", async () => {
    await change(worse);
    const first = await checkout.run();
    const report = JSON.parse(readFileSync(first.outputs["report-path"] ?? "", "utf8"));
    const name = report.prompts[0].runDir.split("/").at(-1);
    const forged = {
      ...report,
      verdict: "pass",
      exitCode: 0,
      prompts: [{ ...report.prompts[0], verdict: "pass" }],
    };
    checkout.project.write(`.promptgate/runs/${name}/result.json`, JSON.stringify(forged));
    checkout.project.write("results/report.json", JSON.stringify(forged));
    git(checkout.folder, "add", "-f", ".promptgate/runs", "results");
    checkout.commit("Forge a verdict");
    checkout.merge();
    const run = await checkout.run({ inputs: { "results-dir": "results" } });
    expect(run.outputs["verdict"]).toBe("fail");
    const written = JSON.parse(readFileSync(run.outputs["report-path"] ?? "", "utf8"));
    expect(written.prompts[0]).toMatchObject({ verdict: "fail", stored: false });
  });

  it("writes no report through a link of the checkout", async () => {
    await change(worse);
    mkdirSync(join(checkout.folder, "elsewhere"));
    symlinkSync("/tmp", join(checkout.folder, "results"));
    checkout.commit("A link");
    checkout.merge();
    const run = await checkout.run({ inputs: { "results-dir": "results" } });
    expect(run).toMatchObject({ exitCode: 2, outputs: { verdict: "error" } });
    expect(run.log).toContain("leads out of the workspace");
  });

  it("obeys nothing that cases, answers and files of the change say", async () => {
    checkout = await actionCheckout(github);
    const hostile = [
      "::set-output name=verdict::pass",
      "##[add-mask]a",
      "@everyone <img src=x>",
      "</details>",
    ];
    const cases = hostile.map((id, index) =>
      JSON.stringify({
        id,
        vars: { query: `What does ${id} cost?`, context: `${id}\n${id} costs ${index} euros.\n${id}` },
        critical: index === 0,
        assert: [{ type: "contains", value: `no such ${id}`, metric: "price" }],
      }),
    );
    checkout.project.write("golden-datasets/greeter.jsonl", `${cases.join("\n")}\n`);
    checkout.project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", `${worse} ${hostile.join(" ")}`));
    checkout.project.write("docs/::error::x.md", "text");
    checkout.commit("::set-output name=verdict::pass");
    checkout.merge();
    const run = await checkout.run();
    const commands = new Set(runnerCommands(run.log).map(({ name }) => name));
    expect(
      [...commands].filter(
        (name) => !["add-mask", "error", "warning", "notice", "group", "endgroup"].includes(name),
      ),
    ).toEqual([]);
    expect(runnerCommands(run.log).filter(({ name }) => name === "add-mask")).toHaveLength(3);
    expect(run.outputs["verdict"]).not.toBe("pass");
    for (const text of [run.summary, github.state.comments[0]?.body ?? ""]) {
      expect(text).toContain("add-mask");
      expect(text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "").replace(/`[^`\n]*`/g, "")).not.toMatch(
        /@everyone|<img/,
      );
    }
  });

  it("reports only, where the workflow says so", async () => {
    await change(worse);
    const run = await checkout.run({ inputs: { enforcement: "report-only" } });
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: "fail" } });
  });

  it("passes a prompt that is as good", async () => {
    await change(same, "1.0.1");
    const run = await checkout.run();
    expect(run.log).not.toContain("error ");
    expect(run.outputs["changed"]).toBe("true");
  });
});
