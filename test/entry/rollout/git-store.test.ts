import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import { advancePrompt } from "../../../src/entry/rollout/advance-prompt.ts";
import { openRollouts } from "../../../src/entry/rollout/scope.ts";
import { readRollout } from "../../../src/entry/promotion/read-rollout.ts";
import { removeRollouts, rolloutProject } from "./rollout-project.ts";

afterAll(removeRollouts);

const look = { by: "scheduler", dryRun: false };

describe("two schedulers over a branch of a repository", () => {
  it("take one step between them and lose nothing", async () => {
    const made = await rolloutProject({ config: { store: { kind: "git", branch: "state" } } });
    const { folder } = made;
    const git = (...args: string[]): void => {
      const identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com"];
      execFileSync("git", [...identity, ...args], { cwd: folder, stdio: "ignore" });
    };
    execFileSync("git", ["init", "--bare", "--quiet", join(folder, "remote.git")]);
    git("init", "--quiet", "-b", "main");
    git("commit", "--quiet", "--allow-empty", "-m", "first");
    git("remote", "add", "origin", join(folder, "remote.git"));
    git("push", "--quiet", "origin", "main");

    await made.start("1.1.0");
    const scope = await openRollouts(made.context, {});
    expect(await advancePrompt(scope, "greeter", look)).toMatchObject({ decision: { event: "staged" } });
    await made.serve(1);
    const ticks = await Promise.all([1, 2].map(async () => advancePrompt(scope, "greeter", look)));
    expect(ticks.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const written = ticks.map((tick) => (tick.kind === "decided" ? tick.applied?.kind : tick.kind));
    expect(new Set(written)).toEqual(new Set(["applied", "lost-race"]));
    const settings = { kind: "git", branch: "state" };
    const store = openStore(settings, folder, made.context.clock, made.context.environment);
    const found = await readRollout(store, "greeter");
    expect(found).toMatchObject({ kind: "state", state: { phase: "staging", generation: 3 } });
    const kinds = (await store.ledger("greeter")).items.map(({ kind }) => kind);
    expect(kinds).toEqual(["held", "staged", "queued"]);
  });
});
